import { parseTableName } from '@shelfcast/connect-config/table-name';
import type { Change, Op, Origin, Row } from '@shelfcast/schemas/change';
import { deriveId } from '@shelfcast/schemas/change-id';
import { manualEntity } from '@shelfcast/schemas/manual';
import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { cdcTopic, entityOfTable, MANUAL_TOPICS } from '@shelfcast/schemas/topics';

export interface ChangeOptions {
  /** Its place among the changes of the table: more is later. By default, after every change made before it. */
  readonly version?: number;
  /** Generation of the capture (default 1). */
  readonly epoch?: bigint;
  /** The row before; of a change without one, nothing is known about it. */
  readonly before?: Row;
  /** When it was committed, Unix milliseconds (default 0). */
  readonly occurredAtMs?: number;
}

/** Makes the changes of one table, as the runtime gives them to a consumer. */
export interface ChangeMaker {
  create(key: string, after: Row, options?: ChangeOptions): Change;
  update(key: string, after: Row, options?: ChangeOptions): Change;
  delete(key: string, options?: ChangeOptions): Change;
  /** A row read by a snapshot. */
  read(key: string, after: Row, options?: ChangeOptions): Change;
  truncate(options?: ChangeOptions): Change;
  /**
   * A manual event about the table's rows, which knows no more than these columns.
   * @throws when no manual topic is about this table
   */
  event(key: string, columns: Row, options?: Omit<ChangeOptions, 'before' | 'epoch'>): Change;
}

/** Instance that all changes made here come from. */
const INSTANCE = 'test';

/** @param table with its schema: `public.products` */
export function changesOf(table: string): ChangeMaker {
  const { schema, table: name } = parseTableName(table);
  const entity = entityOfTable({ schema, table: name });
  const tableTopic = cdcTopic({ schema, table: name });
  let latest = 0;
  let nextOffset = 0n;

  function make(
    origin: Origin,
    op: Op,
    key: string | null,
    after: Row | null,
    options: ChangeOptions = {},
  ): Change {
    const { version = latest + 1, before = null, occurredAtMs = 0 } = options;
    latest = Math.max(latest, version);
    const offset = nextOffset++;
    const isManual = origin === 'manual';
    const epoch = isManual ? 0n : (options.epoch ?? 1n);
    const topic = isManual ? manualTopic(entity) : tableTopic;
    const position = isManual
      ? encodeManualPosition(version, offset)
      : encodePosition({ epoch, sequence: [0n, BigInt(version)], snapshot: op === 'read' });
    return {
      id: deriveId([INSTANCE, topic, key, op, position]),
      origin,
      instance: INSTANCE,
      entity,
      key,
      op,
      before,
      after,
      occurredAtUs: BigInt(Math.round(occurredAtMs * 1000)),
      position,
      epoch,
      source: null,
      debeziumAtUs: null,
      brokerAtMs: 0,
      record: { topic, partition: 0, offset },
    };
  }

  return {
    create: (key, after, options) => make('cdc', 'create', key, after, options),
    update: (key, after, options) => make('cdc', 'update', key, after, options),
    delete: (key, options) => make('cdc', 'delete', key, null, options),
    read: (key, after, options) => make('cdc', 'read', key, after, options),
    truncate: (options) => make('cdc', 'truncate', null, null, options),
    event: (key, columns, options) => make('manual', 'update', key, columns, options),
  };
}

function manualTopic(entity: string): string {
  const topic = MANUAL_TOPICS.find((one) => manualEntity(one) === entity);
  if (topic === undefined) throw new Error(`no manual topic is about ${entity}`);
  return topic;
}
