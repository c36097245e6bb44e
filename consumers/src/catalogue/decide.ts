import { type Change, type ColumnValue, type Row, UNCHANGED } from '@shelfcast/schemas/change';

/** What a change means for the read model: put a row, remove a row, or empty a table. */
export type CatalogueEffect =
  | {
      readonly kind: 'put';
      readonly table: CatalogueTable;
      readonly key: string;
      readonly row: ModelRow;
    }
  | {
      readonly kind: 'remove';
      readonly table: CatalogueTable;
      readonly key: string;
      readonly productId: string | null;
    };

export type CatalogueTable = keyof typeof columnsOf;

/** Values as JSON that `jsonb_to_record` reads back exactly: exact numbers travel as strings. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

export interface ModelRow {
  readonly key: string;
  readonly columns: Readonly<Record<string, JsonValue>>;
  readonly otherColumns: Readonly<Record<string, JsonValue>>;
  /** Columns of which nothing is said (an unchanged TOASTed value, or a manual event): keep what is there. */
  readonly unchanged: readonly string[];
  /** Whether other columns than those in `otherColumns` are kept as well: a manual event does not know of them. */
  readonly keepsOthers: boolean;
}

/** The columns the read model knows, by table; the first is the key. */
export const columnsOf = {
  products: [
    'product_id',
    'name',
    'description',
    'category',
    'brand',
    'price',
    'currency',
    'stock_quantity',
    'weight_kg',
    'dimensions',
    'attributes',
    'updated_at',
  ],
  product_discounts: [
    'discount_id',
    'product_id',
    'discount_type',
    'discount_percentage',
    'start_date',
    'end_date',
    'minimum_quantity',
    'maximum_discount',
  ],
  countries: ['country_id', 'name', 'manager', 'product_count', 'total_sales', 'last_updated'],
} as const;

export function isCatalogueTable(entity: string): entity is CatalogueTable {
  return Object.hasOwn(columnsOf, entity);
}

/** Pure. Null where the change has no effect here: another entity, or a truncate (the runtime's floor handles it). */
export function decide(change: Change): CatalogueEffect | null {
  if (change.key === null || !isCatalogueTable(change.entity)) return null;
  const table = change.entity;
  if (change.op === 'delete') {
    return { kind: 'remove', table, key: change.key, productId: productIdOf(change.before) };
  }
  if (change.after === null) return null;
  const row = modelRow(table, change.key, change.after);
  return {
    kind: 'put',
    table,
    key: change.key,
    row: change.origin === 'manual' ? asPartial(table, row) : row,
  };
}

function productIdOf(row: Row | null): string | null {
  const value = row?.product_id;
  return typeof value === 'string' ? value : null;
}

function modelRow(table: CatalogueTable, key: string, row: Row): ModelRow {
  const known: ReadonlySet<string> = new Set(columnsOf[table]);
  const columns: Record<string, JsonValue> = {};
  const otherColumns: Record<string, JsonValue> = {};
  const unchanged: string[] = [];
  for (const [name, value] of Object.entries(row)) {
    if (value === UNCHANGED) unchanged.push(name);
    else if (known.has(name)) columns[name] = toJson(value);
    else otherColumns[name] = toJson(value);
  }
  return { key, columns, otherColumns, unchanged, keepsOthers: false };
}

/** A manual event says nothing about the columns it does not have; of a row the database has none is missing. */
function asPartial(table: CatalogueTable, row: ModelRow): ModelRow {
  const unsaid = columnsOf[table].filter((column) => !Object.hasOwn(row.columns, column));
  return { ...row, unchanged: [...row.unchanged, ...unsaid], keepsOthers: true };
}

function toJson(value: ColumnValue): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'symbol') return null; // an unchanged part of a composite: nothing was sent
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`;
  if (isArray(value)) return value.map(toJson);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toJson(inner)]));
  }
  return value;
}

/** Array.isArray does not narrow to a readonly array. */
function isArray(value: ColumnValue): value is readonly ColumnValue[] {
  return Array.isArray(value);
}
