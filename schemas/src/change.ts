import type { Position } from './position.ts';

/** Stands for a column that was not sent because it did not change (a TOASTed value). Not a value. */
export const UNCHANGED: unique symbol = Symbol.for('shelfcast.unchanged');

/** What happened to the row. Create, update and read all mean "the row now looks like `after`". */
export type Op = 'create' | 'update' | 'delete' | 'read' | 'truncate';

/** Where a change comes from: captured from the product database, or published through the producer API. */
export type Origin = 'cdc' | 'manual';

/**
 * A column's value, exact:
 *
 * | column | value |
 * |---|---|
 * | smallint, integer, real, double precision | number |
 * | bigint | bigint |
 * | numeric | decimal text, scale kept: `"19.90"` |
 * | timestamptz | ISO-8601 text with up to six fractional digits, or `infinity` / `-infinity` |
 * | timestamp, date, time | `YYYY-MM-DDTHH:MM:SS.ffffff`, `YYYY-MM-DD`, `HH:MM:SS.ffffff`, or infinite |
 * | json, jsonb | its text, unparsed |
 * | bytea | bytes |
 * | uuid, enum, xml, ltree, text | string |
 * | array | array |
 * | TOASTed and not sent | `UNCHANGED` |
 *
 * A value that the column's Avro type does not have (NaN, an infinite date, an array of two dimensions) is its text in
 * Postgres; so is every value of a type that Avro has nothing for. docs/types.md lists them.
 */
export type ColumnValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | typeof UNCHANGED
  | readonly ColumnValue[]
  | { readonly [field: string]: ColumnValue };

export type Row = Readonly<Record<string, ColumnValue>>;

/** What the database said about the change; null for manual events. */
export interface ChangeSource {
  readonly schema: string;
  readonly table: string;
  /** WAL position of the change; null for the reads of an incremental snapshot. */
  readonly lsn: bigint | null;
  /** Postgres transaction id; null for snapshot reads without one. */
  readonly txId: bigint | null;
  /** Whether the row was read by a snapshot (initial or incremental) instead of streamed. */
  readonly snapshot: boolean;
}

/** The Kafka record a change arrived in. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** One change of one entity, of either origin: what consumers decide on. */
export interface Change {
  /** UUID. The same for every delivery of the same change, so it can be used to tell duplicates. */
  readonly id: string;
  readonly origin: Origin;
  /** Instance the change was made at (INSTANCE_ID). */
  readonly instance: string;
  /** Table name (`products`); with its schema (`crm.accounts`) when that is not `public`. */
  readonly entity: string;
  /** Text of the primary key; of a composite key the JSON array of its parts' texts; null only for truncate. */
  readonly key: string | null;
  readonly op: Op;
  /** Row before an update or delete (as much as the replica identity gives), else null. */
  readonly before: Row | null;
  /** Row after a create, update or read, else null. */
  readonly after: Row | null;
  /** Commit time at the database, or acceptance by the Producer API; Unix microseconds. */
  readonly occurredAtUs: bigint;
  readonly position: Position;
  /** Generation of the capture (see Position); 0 for manual events. */
  readonly epoch: bigint;
  readonly source: ChangeSource | null;
  /** When Debezium handled the change, Unix microseconds; null for manual events. */
  readonly debeziumAtUs: bigint | null;
  /** When the broker appended the record (LogAppendTime), Unix milliseconds. */
  readonly brokerAtMs: number;
  readonly record: RecordPlace;
  /** Trace that a manual event came with: 32 lower-case hex digits. */
  readonly traceId?: string;
}

/** One column whose value differs between `before` and `after`. */
export interface ColumnChange {
  readonly column: string;
  /** Undefined when the column did not exist or was not sent before. */
  readonly before: ColumnValue | undefined;
  readonly after: ColumnValue | undefined;
}

/**
 * The columns a change changed, in the order of the row.
 *
 * A create has every column of `after`, a delete every column of `before`; of an update without `before`
 * (replica identity not FULL) nothing can be told apart, so every column of `after` is given. `UNCHANGED`
 * columns are left out; a column that exists only on one side counts as changed.
 */
export function changedColumns(change: Pick<Change, 'before' | 'after'>): ColumnChange[] {
  const before = change.before ?? {};
  const after = change.after ?? {};
  const columns = new Set([...Object.keys(after), ...Object.keys(before)]);
  const changes: ColumnChange[] = [];
  for (const column of columns) {
    const old: ColumnValue | undefined = before[column];
    const now: ColumnValue | undefined = after[column];
    if (now === UNCHANGED || sameValue(old, now)) continue;
    changes.push({ column, before: old, after: now });
  }
  return changes;
}

/** Whether two column values are the same value: by content for bytes, arrays and structures. */
export function sameValue(a: ColumnValue | undefined, b: ColumnValue | undefined): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && sameItems(a, b);
  }
  if (isArray(a) || isArray(b)) return isArray(a) && isArray(b) && sameItems(a, b);
  const fields = Object.keys(a);
  return (
    fields.length === Object.keys(b).length &&
    fields.every((field) => field in b && sameValue(a[field], b[field]))
  );
}

function sameItems(
  a: readonly ColumnValue[] | Uint8Array,
  b: readonly ColumnValue[] | Uint8Array,
): boolean {
  return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
}

/** Array.isArray does not narrow a readonly array out of a union. */
function isArray(value: ColumnValue): value is readonly ColumnValue[] {
  return Array.isArray(value);
}
