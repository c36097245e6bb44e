import type { ClientBase } from 'pg';
import type { ApplyContext } from '../runtime/definition.ts';
import {
  type CatalogueEffect,
  type CatalogueTable,
  columnsOf,
  type JsonValue,
  type ModelRow,
} from './decide.ts';
import { effectivePrices, lockPrices, reprice } from './reprice.ts';

/**
 * Writes a batch of effects: the newest state of each row, one statement per table and kind.
 * Discounts come before products, so that a product is written with its effective price at once.
 */
export async function apply(
  effects: readonly CatalogueEffect[],
  context: ApplyContext,
): Promise<void> {
  const { tx, nowMs } = context;
  const newest = newestPerRow(effects);
  const of = (table: CatalogueTable) => newest.filter((effect) => effect.table === table);
  const priced = new Set([
    ...productsOfDiscounts(of('product_discounts')),
    ...putKeys(of('products')),
  ]);
  await lockPrices(tx, [...priced]);
  for (const productId of await discountedBefore(tx, of('product_discounts')))
    priced.add(productId);

  for (const table of ['product_discounts', 'countries'] as const) {
    await remove(tx, table, of(table));
    await put(tx, table, putRows(of(table)));
  }
  await remove(tx, 'products', of('products'));
  const rows = await withEffectivePrices(tx, nowMs, putRows(of('products')));
  await put(tx, 'products', rows);
  for (const row of rows) if (row.unchanged.length === 0) priced.delete(row.key);
  await reprice(tx, nowMs, [...priced]);
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
  if (later.unchanged.length === 0) return later;
  const columns = { ...later.columns };
  const otherColumns = { ...later.otherColumns };
  const unchanged = later.unchanged.filter((name) => {
    const fromColumns = earlier.columns[name];
    const fromOthers = earlier.otherColumns[name];
    if (fromColumns !== undefined) columns[name] = fromColumns;
    else if (fromOthers !== undefined) otherColumns[name] = fromOthers;
    else return true;
    return false;
  });
  return { key: later.key, columns, otherColumns, unchanged };
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
  tx: ClientBase,
  discounts: readonly CatalogueEffect[],
): Promise<string[]> {
  if (discounts.length === 0) return [];
  const { rows } = await tx.query<{ product_id: string }>(
    `select distinct product_id from catalogue.product_discounts
     where discount_id = any($1) and product_id is not null`,
    [discounts.map((effect) => effect.key)],
  );
  return rows.map((row) => row.product_id);
}

/** Gives the rows that bring their price the effective price; the rest is repriced once stored. */
async function withEffectivePrices(
  tx: ClientBase,
  nowMs: number,
  rows: readonly ModelRow[],
): Promise<ModelRow[]> {
  const whole = rows.filter((row) => row.unchanged.length === 0);
  const prices = await effectivePrices(
    tx,
    nowMs,
    whole.map(({ key, columns }) => ({
      productId: key,
      price: textOrNull(columns.price),
      currency: textOrNull(columns.currency),
    })),
  );
  return rows.map((row) => {
    const price = prices.get(row.key);
    return price === undefined ? row : { ...row, columns: { ...row.columns, ...price } };
  });
}

function textOrNull(value: JsonValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

async function remove(
  tx: ClientBase,
  table: CatalogueTable,
  effects: readonly CatalogueEffect[],
): Promise<void> {
  const keys = effects.filter((effect) => effect.kind === 'remove').map((effect) => effect.key);
  if (keys.length === 0) return;
  await tx.query(`delete from catalogue.${table} where ${columnsOf[table][0]} = any($1)`, [keys]);
}

async function put(
  tx: ClientBase,
  table: CatalogueTable,
  rows: readonly ModelRow[],
): Promise<void> {
  const whole = rows.filter((row) => row.unchanged.length === 0);
  const partial = rows.filter((row) => row.unchanged.length > 0);
  if (whole.length > 0) {
    await tx.query({
      name: `catalogue.put_${table}`,
      text: upserts[table],
      values: [JSON.stringify(whole.map(toRecord))],
    });
  }
  for (const row of partial) {
    const kept = columnsOf[table].filter((column) => row.unchanged.includes(column));
    const others = row.unchanged.filter((name) => !kept.some((column) => column === name));
    await tx.query(upsertKeeping(table, kept), [JSON.stringify([toRecord(row)]), others]);
  }
}

function toRecord(row: ModelRow) {
  return { ...row.columns, other_columns: row.otherColumns };
}

/** Columns this consumer computes beside those it mirrors. */
const computedColumns: Readonly<Record<CatalogueTable, readonly string[]>> = {
  products: ['effective_price', 'effective_price_discount_id', 'effective_price_until'],
  product_discounts: [],
  countries: [],
};

const upserts: Readonly<Record<CatalogueTable, string>> = {
  products: upsert('products'),
  product_discounts: upsert('product_discounts'),
  countries: upsert('countries'),
};

function upsert(table: CatalogueTable): string {
  const columns = [...columnsOf[table], ...computedColumns[table], 'other_columns'];
  return `
    insert into catalogue.${table} (${columns.join(', ')}) ${selectRows(table, columns)}
    on conflict (${columns[0]}) do update set
      ${columns.map((column) => `${column} = excluded.${column}`).join(', ')}`;
}

/** The rare put that leaves columns out as unchanged: `$2` are the unknown columns among them. */
function upsertKeeping(table: CatalogueTable, kept: readonly string[]): string {
  const columns = columnsOf[table].filter((column) => !kept.includes(column));
  return `
    insert into catalogue.${table} as model (${columns.join(', ')}, other_columns)
    ${selectRows(table, [...columns, 'other_columns'])}
    on conflict (${columns[0]}) do update set
      ${columns.map((column) => `${column} = excluded.${column}`).join(', ')},
      other_columns = excluded.other_columns || coalesce(
        (select jsonb_object_agg(o.key, o.value) from jsonb_each(model.other_columns) as o
         where o.key = any($2::text[])), '{}')`;
}

/** Each value goes through the text input of its column, so numbers stay exact; JSON arrives as its text. */
function selectRows(table: CatalogueTable, columns: readonly string[]): string {
  const values = columns.map((column) =>
    column === 'attributes' ? `(r.attributes #>> '{}')::jsonb` : `r.${column}`,
  );
  return `select ${values.join(', ')}
    from jsonb_populate_recordset(null::catalogue.${table}, $1::jsonb) as r`;
}
