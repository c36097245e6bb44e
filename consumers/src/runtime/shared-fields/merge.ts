import {
  type Change,
  type ColumnValue,
  type Origin,
  type Row,
  sameValue,
  UNCHANGED,
} from '@shelfcast/schemas/change';

/** An entity of which several origins may change some columns. */
export interface SharedEntity {
  readonly keyColumn: string;
  readonly columns: ReadonlySet<string>;
}

/** By entity (see `Change.entity`). */
export type SharedFields = ReadonlyMap<string, SharedEntity>;

/** The newest acceptance of a shared field. */
export interface Acceptance {
  readonly origin: Origin;
  /** Commit time at the database, or the Producer API's own clock; Unix microseconds. */
  readonly acceptedAtUs: bigint;
  readonly position: string;
  /** Set where the origin is `manual`; what the database accepted is in its rows. */
  readonly value?: ColumnValue;
}

/** What is known of a key's shared fields. */
export interface SharedRow {
  /** Whether the database's last word on the key was a row, not its delete. */
  readonly present: boolean;
  /** By column; of a column that is missing nothing was accepted yet. */
  readonly fields: ReadonlyMap<string, Acceptance>;
}

export const NOTHING_SHARED: SharedRow = { present: false, fields: new Map() };

export interface Merged {
  /** What is known afterwards: `known` itself where nothing was accepted. */
  readonly row: SharedRow;
  /** The change with the fields that count now; null where none of it takes effect. */
  readonly change: Change | null;
  /** Columns that lost against another acceptance, with the values that have no effect. */
  readonly lost: Row;
}

/**
 * Pure: for each shared field the value accepted last wins, regardless of the key's owner and the order of topics; on
 * a tie the database wins. The winning values are put into the change, so a consumer need not know of it.
 *
 * The database accepts the columns it changed: all of a new row, and by a delete all that were accepted before. A
 * snapshot read accepts nothing, so it never wins over another origin.
 * @param contested the change is another origin's than the key's owner: only its shared fields can take effect
 */
export function mergeShared(
  change: Change,
  shared: SharedEntity,
  known: SharedRow,
  contested: boolean,
): Merged {
  if (change.origin === 'cdc') return mergeRow(change, shared, known);
  return contested ? mergeContested(change, shared, known) : mergeEvent(change, shared, known);
}

/** A row change, with the values of others where they are newer. */
function mergeRow(change: Change, { columns }: SharedEntity, known: SharedRow): Merged {
  const accepted = new Map<string, Acceptance>();
  const standing: Record<string, ColumnValue> = {};
  const lost: Record<string, ColumnValue> = {};
  const after = change.after === null ? null : { ...change.after };
  for (const column of columns) {
    const last = known.fields.get(column);
    const isOthers = last?.origin === 'manual';
    if (isOthers && last.value !== undefined) standing[column] = last.value;
    const accepts = isAcceptance(change, column);
    if (accepts && !(isOthers && last.acceptedAtUs > change.occurredAtUs)) {
      accepted.set(column, rowAcceptance(change, last));
      continue;
    }
    const value = after?.[column];
    if (!isOthers || after === null || value === undefined) continue;
    if (accepts) lost[column] = value;
    after[column] = last.value ?? null;
  }
  const before = change.before && { ...change.before, ...within(standing, change.before) };
  return {
    row: accept(known, accepted, change.op !== 'delete'),
    change: { ...change, before, after },
    lost,
  };
}

/** Of two commits the later one counts, even when the server's clock was set back between them. */
function rowAcceptance(
  { occurredAtUs, position }: Change,
  last: Acceptance | undefined,
): Acceptance {
  const isLater = last?.origin === 'cdc' && last.acceptedAtUs > occurredAtUs;
  return { origin: 'cdc', acceptedAtUs: isLater ? last.acceptedAtUs : occurredAtUs, position };
}

function isAcceptance({ op, before, after }: Change, column: string): boolean {
  if (op === 'delete') return true;
  const value = after?.[column];
  if (op === 'read' || value === undefined || value === UNCHANGED) return false;
  return before === null || !sameValue(before[column], value);
}

/** An event about a key that no database owns: a field that was accepted later already keeps that value. */
function mergeEvent(change: Change, { columns }: SharedEntity, known: SharedRow): Merged {
  const accepted = new Map<string, Acceptance>();
  const after: Record<string, ColumnValue> = { ...change.after };
  const lost: Record<string, ColumnValue> = {};
  for (const [column, value] of Object.entries(change.after ?? {})) {
    if (!columns.has(column)) continue;
    const last = known.fields.get(column);
    // What the database accepted once is gone: a truncate took it, or the key would be its own.
    if (last?.origin === 'manual' && isOlder(change, last)) {
      lost[column] = value;
      after[column] = last.value ?? null;
    } else if (last?.position !== change.position) {
      accepted.set(column, eventAcceptance(change, value));
    }
  }
  return { row: accept(known, accepted, known.present), change: { ...change, after }, lost };
}

/**
 * An event about a key that the database owns. A field that wins while the row is deleted is kept: the database may
 * have created the row again before that, in a change that has not been seen yet.
 */
function mergeContested(
  change: Change,
  { keyColumn, columns }: SharedEntity,
  known: SharedRow,
): Merged {
  const accepted = new Map<string, Acceptance>();
  const won: Record<string, ColumnValue> = {};
  const lost: Record<string, ColumnValue> = {};
  for (const [column, value] of Object.entries(change.after ?? {})) {
    if (column === keyColumn) continue;
    const last = known.fields.get(column);
    if (!columns.has(column) || (last !== undefined && isOlder(change, last))) {
      lost[column] = value;
    } else if (last?.position !== change.position) {
      accepted.set(column, eventAcceptance(change, value));
      won[column] = value;
    }
  }
  const takesEffect = known.present && accepted.size > 0;
  return {
    row: accept(known, accepted, known.present),
    change: takesEffect ? { ...change, after: { [keyColumn]: change.key, ...won } } : null,
    lost,
  };
}

function isOlder({ occurredAtUs, position }: Change, last: Acceptance): boolean {
  if (occurredAtUs !== last.acceptedAtUs) return occurredAtUs < last.acceptedAtUs;
  return last.origin === 'cdc' || position < last.position;
}

function eventAcceptance({ occurredAtUs, position }: Change, value: ColumnValue): Acceptance {
  return { origin: 'manual', acceptedAtUs: occurredAtUs, position, value };
}

function accept(
  known: SharedRow,
  accepted: ReadonlyMap<string, Acceptance>,
  present: boolean,
): SharedRow {
  if (accepted.size === 0 && present === known.present) return known;
  return { present, fields: new Map([...known.fields, ...accepted]) };
}

/** The values of columns that the row has. */
function within(values: Row, row: Row): Row {
  return Object.fromEntries(Object.entries(values).filter(([column]) => column in row));
}
