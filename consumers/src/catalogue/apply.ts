import type { Apply, ApplyContext } from '../runtime/contract/definition.ts';
import {
  type CatalogueEffect,
  type CatalogueTable,
  columnsOf,
  type JsonValue,
  type ModelRow,
} from './decide.ts';
import { discountsOf, effectivePrices, lockPrices, reprice } from './reprice.ts';

/** Where the read model is: the one in use, or one that is being built. */
type Context = Pick<ApplyContext, 'tx' | 'write' | 'schema'>;

/**
 * Writes a batch of effects: the newest state of each row, one statement per table and kind.
 * Discounts come before products, so that a product is written with its effective price at once.
 */
export async function apply(
  effects: readonly CatalogueEffect[],
  context: ApplyContext,
): Promise<void> {
  const newest = newestPerRow(effects);
  const of = (table: CatalogueTable) => newest.filter((effect) => effect.table === table);
  const priced = new Set([
    ...productsOfDiscounts(of('product_discounts')),
    ...putKeys(of('products')),
  ]);
  await lockPrices(context, [...priced]);
  for (const productId of await discountedBefore(context, of('product_discounts')))
    priced.add(productId);

  for (const table of ['product_discounts', 'countries'] as const) {
    remove(context, table, of(table));
    put(context, table, putRows(of(table)));
  }
  remove(context, 'products', of('products'));
  const rows = await withEffectivePrices(context, putRows(of('products')));
  put(context, 'products', rows);
  for (const row of rows) if (isWhole(row)) priced.delete(row.key);
  await reprice(context, [...priced]);
}

/** For products that are put whole: their prices are locked and their discounts read with the claim of their keys. */
export function ahead(
  effects: readonly CatalogueEffect[],
  context: ApplyContext,
): Apply<CatalogueEffect> | undefined {
  const isWholeProduct = (effect: CatalogueEffect) =>
    effect.table === 'products' && effect.kind === 'put' && isWhole(effect.row);
  if (!effects.every(isWholeProduct)) return;
  const productIds = [...new Set(effects.map(({ key }) => key))];
  const locking = lockPrices(context, productIds);
  const discounts = discountsOf(context, productIds);
  for (const reading of [locking, discounts]) reading.catch(() => {}); // thrown where it is awaited
  return async (some, later) => {
    await locking;
    const rows = putRows(newestPerRow(some));
    put(later, 'products', await withEffectivePrices(later, rows, discounts));
  };
}

/**
 * The last effect on each row. A column that a later change left out as unchanged has the value of
 * the earlier one, so two puts of one row are merged, not dropped.
 */
function newestPerRow(effects: readonly CatalogueEffect[]): CatalogueEffect[] {
  const newest = new Map<string, CatalogueEffect>();
  for (const effect of effects) {
    const name = `${effect.table}\u0000${effect.key}`;
    const earlier = newest.get(name);
    newest.set(
      name,
      effect.kind === 'put' && earlier?.kind === 'put'
        ? { ...effect, row: mergeUnchanged(earlier.row, effect.row) }
        : effect,
    );
  }
  return [...newest.values()];
}

function mergeUnchanged(earlier: ModelRow, later: ModelRow): ModelRow {
  if (isWhole(later)) return later;
  const columns = { ...later.columns };
  const otherColumns = { ...(later.keepsOthers && earlier.otherColumns), ...later.otherColumns };
  const unchanged = later.unchanged.filter((name) => {
    const fromColumns = earlier.columns[name];
    const fromOthers = earlier.otherColumns[name];
    if (fromColumns !== undefined) columns[name] = fromColumns;
    else if (fromOthers !== undefined) otherColumns[name] = fromOthers;
    else return true;
    return false;
  });
  const keepsOthers = later.keepsOthers && earlier.keepsOthers;
  return { key: later.key, columns, otherColumns, unchanged, keepsOthers };
}

/** Whether the row says all there is to say about it. */
function isWhole({ unchanged, keepsOthers }: ModelRow): boolean {
  return unchanged.length === 0 && !keepsOthers;
}

function putRows(effects: readonly CatalogueEffect[]): ModelRow[] {
  return effects.filter((effect) => effect.kind === 'put').map((effect) => effect.row);
}

function putKeys(effects: readonly CatalogueEffect[]): string[] {
  return putRows(effects).map((row) => row.key);
}

function productsOfDiscounts(effects: readonly CatalogueEffect[]): string[] {
  return effects
    .map((effect) => (effect.kind === 'put' ? effect.row.columns.product_id : effect.productId))
    .filter((productId) => typeof productId === 'string');
}

/** Products the discounts belonged to until now: one that moves to another product changes two prices. */
async function discountedBefore(
  { tx, schema }: Context,
  discounts: readonly CatalogueEffect[],
): Promise<string[]> {
  if (discounts.length === 0) return [];
  const { rows } = await tx.query<{ product_id: string }>(
    `select distinct product_id from ${schema}.product_discounts
     where discount_id = any($1) and product_id is not null`,
    [discounts.map((effect) => effect.key)],
  );
  return rows.map((row) => row.product_id);
}

/** Gives the rows that bring their price the effective price; the rest is repriced once stored. */
async function withEffectivePrices(
  context: ApplyContext,
  rows: readonly ModelRow[],
  discounts?: ReturnType<typeof discountsOf>,
): Promise<ModelRow[]> {
  const whole = rows.filter(isWhole);
  const prices = await effectivePrices(
    context,
    whole.map(({ key, columns }) => ({
      productId: key,
      price: textOrNull(columns.price),
      currency: textOrNull(columns.currency),
    })),
    discounts,
  );
  return rows.map((row) => {
    const price = prices.get(row.key);
    return price === undefined ? row : { ...row, columns: { ...row.columns, ...price } };
  });
}

function textOrNull(value: JsonValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function remove(
  { write, schema }: Context,
  table: CatalogueTable,
  effects: readonly CatalogueEffect[],
): void {
  const keys = effects.filter((effect) => effect.kind === 'remove').map((effect) => effect.key);
  if (keys.length === 0) return;
  write({
    text: `delete from ${schema}.${table} where ${columnsOf[table][0]} = any($1)`,
    values: [keys],
  });
}

function put({ write, schema }: Context, table: CatalogueTable, rows: readonly ModelRow[]): void {
  const whole = rows.filter(isWhole);
  const partial = rows.filter((row) => !isWhole(row));
  if (whole.length > 0) {
    write({
      name: `${schema}.put_${table}`,
      text: upsert(schema, table),
      values: [JSON.stringify(whole.map(toRecord))],
    });
  }
  for (const row of partial) {
    const kept = columnsOf[table].filter((column) => row.unchanged.includes(column));
    const others = row.unchanged.filter((name) => !kept.some((column) => column === name));
    write({
      text: upsertKeeping({ schema, table, kept }),
      values: [JSON.stringify([toRecord(row)]), row.keepsOthers ? null : others],
    });
  }
}

function toRecord(row: ModelRow) {
  return { ...row.columns, other_columns: row.otherColumns };
}

/** Columns this consumer computes beside those it mirrors. */
export const computedColumns: Readonly<Record<CatalogueTable, readonly string[]>> = {
  products: ['effective_price', 'effective_price_discount_id', 'effective_price_until'],
  product_discounts: [],
  countries: [],
};

function upsert(schema: string, table: CatalogueTable): string {
  const columns = [...columnsOf[table], ...computedColumns[table], 'other_columns'];
  return `
    insert into ${schema}.${table} (${columns.join(', ')}) ${selectRows(schema, table, columns)}
    on conflict (runtime.bounded(${columns[0]})) do update set
      ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** The rare put that leaves columns out as unchanged: `$2` are the unknown columns among them, null for all. */
function upsertKeeping({
  schema,
  table,
  kept,
}: {
  readonly schema: string;
  readonly table: CatalogueTable;
  readonly kept: readonly string[];
}): string {
  const columns = columnsOf[table].filter((column) => !kept.includes(column));
  return `
    insert into ${schema}.${table} as model (${columns.join(', ')}, other_columns)
    ${selectRows(schema, table, [...columns, 'other_columns'])}
    on conflict (runtime.bounded(${columns[0]})) do update set
      ${columns.map((column) => `${column} = excluded.${column}`).join(', ')},
      other_columns = coalesce(
        (select jsonb_object_agg(o.key, o.value) from jsonb_each(model.other_columns) as o
         where $2::text[] is null or o.key = any($2::text[])), '{}') || excluded.other_columns`;
}

/** Each value goes through the text input of its column, so numbers stay exact; JSON arrives as its text. */
function selectRows(schema: string, table: CatalogueTable, columns: readonly string[]): string {
  const values = columns.map((column) =>
    column === 'attributes' ? `(r.attributes #>> '{}')::jsonb` : `r.${column}`,
  );
  return `select ${values.join(', ')}
    from jsonb_populate_recordset(null::${schema}.${table}, $1::jsonb) as r`;
}
