import type { Change, ColumnValue, Row } from './change.ts';
import { MANUAL_CONTRACTS } from './contracts.ts';
import { ChangeError } from './errors.ts';
import { headerText, type RecordHeaders } from './headers.ts';
import { encodeManualPosition } from './position.ts';
import { instantText, parseInstant } from './temporal.ts';
import { isManualTopic, MANUAL_TOPICS, type ManualTopic } from './topics.ts';
import { parseTraceparent, TRACEPARENT_HEADER } from './trace-context.ts';

/** A Kafka record of a manual topic whose value was decoded with its contract. */
export interface ManualRecord {
  /** Instance the event was published at. */
  readonly instance: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Broker append time (LogAppendTime), Unix milliseconds. */
  readonly timestampMs: number;
  /** Decoded value (see `generated/`), or null for a tombstone. */
  readonly value: unknown;
  readonly headers: RecordHeaders;
}

/** CloudEvents binary mode: who the event is, and when the Producer API accepted it. */
const ID_HEADER = 'ce_id';
const TIME_HEADER = 'ce_time';

interface ManualKind {
  /** Entity, named like the table that holds the same thing. */
  readonly entity: string;
  readonly keyColumn: string;
  readonly key: (fields: Fields) => string | undefined;
  /** Fields whose column has another name. */
  readonly columns: Readonly<Record<string, string>>;
  /** Fields that are instants (Unix microseconds). */
  readonly instants: readonly string[];
}

const KINDS: Readonly<Record<ManualTopic, ManualKind>> = {
  product_updates: {
    entity: 'products',
    keyColumn: 'product_id',
    key: ({ product_id }) => text(product_id),
    columns: { weight: 'weight_kg' },
    instants: [],
  },
  country: {
    entity: 'countries',
    keyColumn: 'country_id',
    key: ({ country_id }) => text(country_id),
    columns: {},
    instants: ['last_updated'],
  },
  product_discounts: {
    entity: 'product_discounts',
    keyColumn: 'discount_id',
    key: discountId,
    columns: {},
    instants: ['start_date', 'end_date'],
  },
};

/**
 * The change behind a manual event, or null for a null value. It is an `update` that holds the columns the
 * event knows, under the names and in the text forms the database's own rows have; a column that is not
 * there was not said anything about.
 *
 * Its id is the `ce_id` header. `occurredAtUs` is `ce_time`, which the Producer API sets from its own clock
 * when it accepts the event, or the broker's time when the header is missing. Its position orders the
 * events of one topic among themselves and is never compared with a CDC position.
 * @throws {ChangeError} NOT_A_MANUAL_EVENT
 */
export function changeFromManualEvent(record: ManualRecord): Change | null {
  const { instance, topic, partition, offset, timestampMs, value } = record;
  if (value === null || value === undefined) return null;
  if (!isManualTopic(topic)) throw refused(record, 'is not of a manual topic');
  if (!isFields(value)) throw refused(record, 'has a value without fields');
  const kind = KINDS[topic];
  const key = kind.key(value);
  if (key === undefined) throw refused(record, 'has no key field');
  const id = headerText(record.headers, ID_HEADER)?.trim();
  if (!id) throw refused(record, `has no ${ID_HEADER} header`);
  const trace = parseTraceparent(headerText(record.headers, TRACEPARENT_HEADER) ?? '');
  const time = headerText(record.headers, TIME_HEADER);
  const acceptedAtUs = time === undefined ? undefined : parseInstant(time);
  return {
    id,
    origin: 'manual',
    instance,
    entity: kind.entity,
    key,
    op: 'update',
    before: null,
    after: rowOf(value, kind, key),
    occurredAtUs: acceptedAtUs ?? BigInt(timestampMs) * 1000n,
    position: encodeManualPosition(timestampMs, offset),
    epoch: 0n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: timestampMs,
    record: { topic, partition, offset },
    ...(trace === undefined ? {} : { traceId: trace.traceId }),
  };
}

/** Entity that a manual topic's events are about. */
export function manualEntity(topic: ManualTopic): string {
  return KINDS[topic].entity;
}

/** Column of that entity's rows that holds the key. */
export function manualKeyColumn(topic: ManualTopic): string {
  return KINDS[topic].keyColumn;
}

/** What manual events can say of an entity. */
export interface ManualEntity {
  readonly entity: string;
  readonly keyColumn: string;
  /** Under the names that the database's rows have; without the key. */
  readonly columns: readonly string[];
}

/** The entities that manual events are about, and the columns their contracts have. */
export function manualEntities(): ManualEntity[] {
  return MANUAL_TOPICS.map((topic) => {
    const { entity, keyColumn, columns } = KINDS[topic];
    const schema: { fields: { name: string }[] } = JSON.parse(MANUAL_CONTRACTS[topic].schemaText);
    const names = schema.fields.map(({ name }) => columns[name] ?? name);
    return { entity, keyColumn, columns: names.filter((name) => name !== keyColumn) };
  });
}

type Fields = Readonly<Record<string, unknown>>;

function rowOf(fields: Fields, kind: ManualKind, key: string): Row {
  const row: Record<string, ColumnValue> = {};
  for (const [field, value] of Object.entries(fields)) {
    row[kind.columns[field] ?? field] = kind.instants.includes(field)
      ? instant(value)
      : scalar(value);
  }
  if ('discount_id' in fields) row.discount_id = key;
  return row;
}

function instant(value: unknown): string | null {
  return typeof value === 'bigint' ? instantText(value) : null;
}

function scalar(value: unknown): ColumnValue {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      return null;
  }
}

/** A discount without an id of its own is known by its product and its type. */
function discountId({ discount_id, product_id, discount_type }: Fields): string | undefined {
  const own = text(discount_id);
  if (own !== undefined) return own;
  const product = text(product_id);
  const type = text(discount_type);
  return product === undefined || type === undefined ? undefined : `${product}:${type}`;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused({ topic, partition, offset }: ManualRecord, why: string): ChangeError {
  return new ChangeError('NOT_A_MANUAL_EVENT', `record ${topic}[${partition}]@${offset} ${why}`);
}
