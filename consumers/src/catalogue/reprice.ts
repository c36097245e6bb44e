import type { ClientBase } from 'pg';
import { z } from 'zod';
import { type Discount, effectivePrice } from '../price/effective-price.ts';
import type { ApplyContext } from '../runtime/definition.ts';

/** Task name of the job that computes a price again when a discount starts or ends. */
export const REPRICE_TASK = 'catalogue_reprice';

/** What the effective price of a product is computed from, beside its discounts. */
export interface ListPrice {
  readonly productId: string;
  /** Exact decimal text; null: the product has no price, and so no effective one. */
  readonly price: string | null;
  readonly currency: string | null;
}

/** The computed columns of `catalogue.products`. */
export type PriceColumns = {
  readonly effective_price: string | null;
  readonly effective_price_discount_id: string | null;
  /** ISO-8601. */
  readonly effective_price_until: string | null;
};

/**
 * Serialises all that computes the prices of these products until the transaction ends. Row locks
 * would not do: a product and its first discount can arrive at the same moment in two processes.
 */
export async function lockPrices(tx: ClientBase, productIds: readonly string[]): Promise<void> {
  if (productIds.length === 0) return;
  await tx.query({
    name: 'catalogue.lock_prices',
    text: `select pg_advisory_xact_lock(lock)
     from (select hashtextextended('catalogue:price:' || id, 0) as lock
           from unnest($1::text[]) as i(id) order by lock) as locks`,
    values: [productIds],
  });
}

/**
 * Effective prices at `nowMs` under the stored discounts, by product; where the clock alone will
 * change one, the job for that moment is planned in the same transaction. The caller holds `lockPrices`.
 */
export async function effectivePrices(
  tx: ClientBase,
  nowMs: number,
  products: readonly ListPrice[],
): Promise<Map<string, PriceColumns>> {
  const prices = new Map<string, PriceColumns>();
  const due: DueReprice[] = [];
  const discounts = await discountsOf(tx, products);
  for (const { productId, price, currency } of products) {
    const effective =
      price === null
        ? null
        : effectivePrice(
            { price, currency: currency ?? '' },
            discounts.get(productId) ?? [],
            nowMs,
          );
    const untilMs = effective?.nextChangeAtMs ?? null;
    if (untilMs !== null) due.push({ product_id: productId, at_ms: untilMs });
    prices.set(productId, {
      effective_price: effective?.amount ?? null,
      effective_price_discount_id: effective?.discountId ?? null,
      effective_price_until: untilMs === null ? null : new Date(untilMs).toISOString(),
    });
  }
  await schedule(tx, due);
  return prices;
}

/** Computes the prices of stored products again. The caller holds `lockPrices`. */
export async function reprice(
  tx: ClientBase,
  nowMs: number,
  productIds: readonly string[],
): Promise<void> {
  if (productIds.length === 0) return;
  const { rows } = await tx.query<ListPrice>(
    `select product_id as "productId", price::text, currency
     from catalogue.products where product_id = any($1)`,
    [productIds],
  );
  const prices = await effectivePrices(tx, nowMs, rows);
  await tx.query(
    `update catalogue.products p
     set effective_price = c.effective_price,
         effective_price_discount_id = c.effective_price_discount_id,
         effective_price_until = c.effective_price_until
     from jsonb_populate_recordset(null::catalogue.products, $1::jsonb) as c
     where p.product_id = c.product_id`,
    [
      JSON.stringify(
        [...prices].map(([productId, price]) => ({ product_id: productId, ...price })),
      ),
    ],
  );
}

const repricePayload = z.object({ productId: z.string() });

/** A discount starts or ends now: the price is computed again, and the next change planned. */
export async function repriceJob(payload: unknown, { tx, nowMs }: ApplyContext): Promise<void> {
  const { productId } = repricePayload.parse(payload);
  await lockPrices(tx, [productId]);
  await reprice(tx, nowMs, [productId]);
}

interface DiscountRow extends Discount {
  readonly productId: string;
}

async function discountsOf(
  tx: ClientBase,
  products: readonly ListPrice[],
): Promise<Map<string, Discount[]>> {
  const byProduct = new Map<string, Discount[]>();
  if (products.length === 0) return byProduct;
  const { rows } = await tx.query<DiscountRow>({
    name: 'catalogue.discounts',
    text: `select product_id as "productId", discount_id as "discountId",
            discount_percentage::text as percentage,
            to_json(start_date) #>> '{}' as "startDate", to_json(end_date) #>> '{}' as "endDate",
            coalesce(minimum_quantity, 1)::float8 as "minimumQuantity",
            maximum_discount::text as "maximumDiscount"
     from catalogue.product_discounts
     where product_id = any($1) and discount_percentage is not null
     order by discount_id`,
    values: [products.map((product) => product.productId)],
  });
  for (const { productId, ...discount } of rows) {
    const known = byProduct.get(productId);
    if (known === undefined) byProduct.set(productId, [discount]);
    else known.push(discount);
  }
  return byProduct;
}

interface DueReprice {
  readonly product_id: string;
  readonly at_ms: number;
}

/** One job per product: a later plan replaces an earlier one (job_key). */
async function schedule(tx: ClientBase, due: readonly DueReprice[]): Promise<void> {
  if (due.length === 0) return;
  await tx.query(
    `select graphile_worker.add_job($1, json_build_object('productId', d.product_id),
       run_at := to_timestamp(d.at_ms / 1000.0), job_key := $1 || ':' || d.product_id)
     from jsonb_to_recordset($2::jsonb) as d(product_id text, at_ms double precision)`,
    [REPRICE_TASK, JSON.stringify(due)],
  );
}
