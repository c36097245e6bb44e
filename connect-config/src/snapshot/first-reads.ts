import {
  type CapturedTable,
  listCapturedTables,
  type Queryable,
} from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { OperationError } from '../connect-error.ts';
import { CONNECTOR, type ConnectorContext } from '../context.ts';
import { type Watermark, waitForInitialSnapshot } from '../initial-snapshot.ts';
import { includesTable } from '../render.ts';
import type { TableFailure } from '../table-failure.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { checkTable } from './check-table.ts';
import { readTable, readTables, type TableRead } from './read-tables.ts';
import { noteRead } from './reads.ts';
import type { SnapshotRequest } from './request.ts';

/** What became of the captured tables that had not been read whole. */
export interface FirstReads {
  readonly read: readonly Omit<TableRead, 'request'>[];
  readonly unread: readonly TableFailure[];
}

export interface FirstReadsOptions {
  readonly epoch: bigint;
  /** Ends of the topics before the initial snapshot began, where this run has registered the connector. */
  readonly before?: readonly Watermark[] | undefined;
  /** Tables that the caller reads by itself. */
  readonly leave?: readonly TableName[] | undefined;
  readonly timeoutMs?: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 24 * 3_600_000;

/**
 * The initial snapshot of a new connector reads all captured tables: none of them counts as read until its keys were
 * checked.
 */
export async function expectInitialSnapshot(db: Queryable, epoch: bigint): Promise<void> {
  await db.query('update shelfcast.captured_tables set backfill_requested_at = null');
  for (const table of await listCapturedTables(db)) {
    await noteRead(db, { table, request: initialRequest(epoch), status: 'reading' });
  }
}

/** Every read of an initial snapshot belongs to its epoch alone. */
function initialRequest(epoch: bigint): SnapshotRequest {
  return { signalId: `initial-${epoch}`, signalLsn: 0n, requestedLsn: 0n };
}

/**
 * Makes sure that every captured table was read whole: checks what the initial snapshot has read, asks for a snapshot of
 * tables that were added later. One that cannot be read does not keep the others from it, nor does one that is gone.
 */
export async function finishFirstReads(
  context: ConnectorContext,
  { epoch, before, leave = [], timeoutMs = DEFAULT_TIMEOUT_MS }: FirstReadsOptions,
): Promise<FirstReads> {
  const { products, admin, client, settings, log } = context;
  const config = (await client.config(CONNECTOR)) ?? {};
  const left = new Set(leave.map(formatTableName));
  const waiting = (await listWaiting(products)).filter(
    (table) => includesTable(config, table) && !left.has(formatTableName(table)),
  );
  const initial = waiting.filter(({ signalId }) => signalId === initialRequest(epoch).signalId);
  if (initial.length > 0) {
    const topics = initial.map((table) => cdcTopic({ prefix: settings.topicPrefix, ...table }));
    await waitForInitialSnapshot({ client, admin, topics, before, timeoutMs, onProgress: log });
  }
  const read: Omit<TableRead, 'request'>[] = [];
  const unread: TableFailure[] = [];
  for (const table of initial) {
    try {
      read.push(await checkInitial(context, { table, epoch, before }));
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      unread.push({ table, error });
    }
  }
  const later = waiting.filter((table) => !initial.includes(table));
  if (later.length > 0) {
    try {
      const outcome = await readTables(context, { tables: later, timeoutMs });
      read.push(...outcome.read);
      unread.push(...outcome.unread);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      unread.push(...later.map((table) => ({ table, error })));
    }
  }
  for (const message of new Set(unread.map(({ error }) => error.message))) log(`! ${message}`);
  return { read, unread };
}

interface WaitingTable extends CapturedTable {
  readonly signalId: string | null;
}

/** Captured tables that were not read whole yet. */
export async function listWaiting(db: Queryable): Promise<WaitingTable[]> {
  const { rows } = await db.query<{ schema: string; table: string; signal_id: string | null }>(
    `select c.table_schema as schema, c.table_name as "table", r.signal_id
     from shelfcast.captured_tables c left join shelfcast.table_reads r using (table_schema, table_name)
     where c.backfill_requested_at is null
       and to_regclass(format('%I.%I', c.table_schema, c.table_name)) is not null`,
  );
  const signals = new Map(rows.map((row) => [formatTableName(row), row.signal_id]));
  return (await listCapturedTables(db)).flatMap((table) => {
    const signalId = signals.get(formatTableName(table));
    return signalId === undefined ? [] : [{ ...table, signalId }];
  });
}

/** A table of which the initial snapshot lacks keys is read once more, by itself. */
async function checkInitial(
  context: ConnectorContext,
  {
    table,
    epoch,
    before,
  }: {
    readonly table: CapturedTable;
    readonly epoch: bigint;
    readonly before: readonly Watermark[] | undefined;
  },
): Promise<Omit<TableRead, 'request'>> {
  const { admin, products, settings, log } = context;
  const topic = cdcTopic({ prefix: settings.topicPrefix, ...table });
  const from = before?.some((mark) => mark.topic === topic)
    ? new Map(
        before.flatMap((mark) => (mark.topic === topic ? [[mark.partition, mark.offset]] : [])),
      )
    : new Map([...(await admin.watermarks(topic))].map(([partition, { low }]) => [partition, low]));
  try {
    const { reads, keys } = await checkTable(context, { table, from });
    await noteRead(products, {
      table,
      request: initialRequest(epoch),
      status: 'read',
      rows: reads,
      keys,
    });
    log(`Read all of ${formatTableName(table)}: ${reads} rows, ${keys} keys checked`);
    return { table, rows: reads, keys };
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'KEYS_DIFFER') throw error;
    log(`The initial snapshot: ${error.message}`);
    return await readTable(context, { table });
  }
}
