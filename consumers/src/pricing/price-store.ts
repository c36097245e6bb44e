import type { ClientBase } from 'pg';
import { DEFAULT_CURRENCY } from '../effective-price/effective-price.ts';
import type { ApplyContext } from '../runtime/contract/definition.ts';
import type { DiscountColumns } from './decide.ts';
import type { KnownProduct, ProductState } from './prices.ts';

interface LoadedRow extends DiscountColumns {
  readonly id: string;
  readonly first_epoch: bigint | null;
  readonly category: string | null;
  readonly brand: string | null;
  readonly price: string | null;
  readonly currency: string | null;
  readonly effective_price: string | null;
  readonly effective_price_discount_id: string | null;
  readonly until_ms: number | null;
  readonly priced_at_ms: number | null;
  readonly discount_id: string | null;
}

const LOAD = {
  name: 'pricing.load',
  text: `select i.id, p.first_epoch, p.category, p.brand, p.price, p.currency,
      p.effective_price, p.effective_price_discount_id,
      extract(epoch from p.effective_price_until)::float8 * 1000 as until_ms,
      extract(epoch from p.priced_at)::float8 * 1000 as priced_at_ms,
      d.discount_id, d.product_id, d.discount_percentage,
      to_json(d.start_date) #>> '{}' as start_date, to_json(d.end_date) #>> '{}' as end_date,
      d.minimum_quantity::text, d.maximum_discount
    from unnest($1::text[]) as i(id)
    left join pricing.products p on p.product_id = i.id
    left join pricing.product_discounts d on d.product_id = i.id`,
};

/** What is stored of these products and their discounts. */
export async function loadPrices(
  tx: ClientBase,
  productIds: readonly string[],
): Promise<Map<string, ProductState>> {
  const { rows } = await tx.query<LoadedRow>({ ...LOAD, values: [productIds] });
  const discounts = new Map<string, Map<string, DiscountColumns>>();
  const states = new Map<string, ProductState>();
  for (const row of rows) {
    const own = discounts.get(row.id) ?? new Map<string, DiscountColumns>();
    discounts.set(row.id, own);
    if (row.discount_id !== null) own.set(row.discount_id, discountOf(row));
    states.set(row.id, { product: productOf(row), discounts: own });
  }
  return states;
}

function productOf(row: LoadedRow): KnownProduct | undefined {
  if (row.first_epoch === null) return undefined;
  const { category, brand, price, currency } = row;
  return {
    category,
    brand,
    price,
    currency,
    firstEpoch: row.first_epoch,
    effective:
      row.effective_price === null
        ? null
        : { amount: row.effective_price, currency: currency ?? DEFAULT_CURRENCY },
    discountId: row.effective_price_discount_id,
    untilMs: row.until_ms,
    pricedAtMs: row.priced_at_ms ?? 0,
  };
}

function discountOf(row: LoadedRow): DiscountColumns {
  return {
    product_id: row.product_id,
    discount_percentage: row.discount_percentage,
    start_date: row.start_date,
    end_date: row.end_date,
    minimum_quantity: row.minimum_quantity,
    maximum_discount: row.maximum_discount,
  };
}

/** Products that discounts belong to until now: one that moves to another product changes two prices. */
export async function ownersOfDiscounts(
  tx: ClientBase,
  discountIds: readonly string[],
): Promise<string[]> {
  if (discountIds.length === 0) return [];
  const { rows } = await tx.query<{ product_id: string }>({
    name: 'pricing.owners',
    text: 'select product_id from pricing.product_discounts where discount_id = any($1)',
    values: [discountIds],
  });
  return rows.map((row) => row.product_id);
}

/** Writes what differs between two states, in as few statements as there are kinds of differences. */
export function savePrices(
  { write }: Pick<ApplyContext, 'write'>,
  before: ReadonlyMap<string, ProductState>,
  after: ReadonlyMap<string, ProductState>,
): void {
  const products: object[] = [];
  const goneProducts: string[] = [];
  const discounts: object[] = [];
  const goneDiscounts = new Set<string>();
  const keptDiscounts = new Set<string>();
  for (const [productId, state] of after) {
    const known = before.get(productId);
    if (state.product !== known?.product) {
      if (state.product === undefined) goneProducts.push(productId);
      else products.push(toProductRecord(productId, state.product));
    }
    if (state.discounts === known?.discounts) continue;
    for (const [discountId, columns] of state.discounts) {
      keptDiscounts.add(discountId);
      if (columns !== known?.discounts.get(discountId)) {
        discounts.push({ discount_id: discountId, ...columns });
      }
    }
    for (const discountId of known?.discounts.keys() ?? []) goneDiscounts.add(discountId);
  }
  // A discount that moved left one product and is another's now.
  for (const discountId of keptDiscounts) goneDiscounts.delete(discountId);

  if (products.length > 0) write({ ...PUT_PRODUCTS, values: [JSON.stringify(products)] });
  if (discounts.length > 0) write({ ...PUT_DISCOUNTS, values: [JSON.stringify(discounts)] });
  if (goneProducts.length > 0) {
    const text = 'delete from pricing.products where product_id = any($1)';
    write({ text, values: [goneProducts] });
  }
  if (goneDiscounts.size > 0) {
    const text = 'delete from pricing.product_discounts where discount_id = any($1)';
    write({ text, values: [[...goneDiscounts]] });
  }
}

function toProductRecord(productId: string, product: KnownProduct) {
  return {
    product_id: productId,
    category: product.category,
    brand: product.brand,
    price: product.price,
    currency: product.currency,
    first_epoch: product.firstEpoch.toString(),
    effective_price: product.effective?.amount ?? null,
    effective_price_discount_id: product.discountId,
    effective_price_until: product.untilMs === null ? null : isoOf(product.untilMs),
    priced_at: isoOf(product.pricedAtMs),
  };
}

/** ISO-8601 of milliseconds since the Unix epoch; fractions are cut off. */
export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

const PUT_PRODUCTS = upsert('products', [
  'product_id',
  'category',
  'brand',
  'price',
  'currency',
  'first_epoch',
  'effective_price',
  'effective_price_discount_id',
  'effective_price_until',
  'priced_at',
]);

const PUT_DISCOUNTS = upsert('product_discounts', [
  'discount_id',
  'product_id',
  'discount_percentage',
  'start_date',
  'end_date',
  'minimum_quantity',
  'maximum_discount',
]);

/** Each value goes through the text input of its column, so numbers stay exact. */
function upsert(table: string, columns: readonly [string, ...string[]]) {
  const [key, ...others] = columns;
  return {
    name: `pricing.put_${table}`,
    text: `insert into pricing.${table} (${columns.join(', ')})
      select ${columns.join(', ')} from jsonb_populate_recordset(null::pricing.${table}, $1::jsonb)
      on conflict (runtime.bounded(${key})) do update set
        ${others.map((column) => `${column} = excluded.${column}`).join(', ')}`,
  };
}
