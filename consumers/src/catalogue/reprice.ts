import { type Discount, effectivePrice } from '../effective-price/effective-price.ts';
import { createRepricing, type DueReprice } from '../effective-price/repricing.ts';
import type { ApplyContext } from '../runtime/contract/definition.ts';

/** Task name of the job that computes a price again when a discount starts or ends. */
export const REPRICE_TASK = 'catalogue_reprice';

/** Where and when prices are computed. */
type Context = Pick<ApplyContext, 'tx' | 'write' | 'schema' | 'nowMs' | 'suppressSideEffects'>;

/** What the effective price of a product is computed from, beside its discounts. */
export interface ListPrice {
  readonly productId: string;
  /** Exact decimal text; null: the product has no price, and so no effective one. */
  readonly price: string | null;
  readonly currency: string | null;
}

/** The computed columns of `products`. */
export type PriceColumns = {
  readonly effective_price: string | null;
  readonly effective_price_discount_id: string | null;
  /** ISO-8601. */
  readonly effective_price_until: string | null;
};

const repricing = createRepricing({ task: REPRICE_TASK });

/** Serialises all that computes the prices of these products until the transaction ends. */
export const lockPrices = repricing.lock;

/**
 * Effective prices at `nowMs` under the stored discounts, by product; where the clock alone will
 * change one, the job for that moment is planned in the same transaction. The caller holds `lockPrices`.
 * @param discounts where they were asked for before
 */
export async function effectivePrices(
  context: Context,
  products: readonly ListPrice[],
  discounts = discountsOf(
    context,
    products.map(({ productId }) => productId),
  ),
): Promise<Map<string, PriceColumns>> {
  const { nowMs, suppressSideEffects } = context;
  const prices = new Map<string, PriceColumns>();
  const due: DueReprice[] = [];
  const known = await discounts;
  for (const { productId, price, currency } of products) {
    const effective =
      price === null
        ? null
        : effectivePrice({ price, currency }, known.get(productId) ?? [], nowMs);
    const untilMs = effective?.nextChangeAtMs ?? null;
    if (untilMs !== null) due.push({ productId, atMs: untilMs });
    prices.set(productId, {
      effective_price: effective?.amount ?? null,
      effective_price_discount_id: effective?.discountId ?? null,
      effective_price_until: untilMs === null ? null : new Date(untilMs).toISOString(),
    });
  }
  // The jobs are those of the read model in use, not of one that is being built (see `onSwap`).
  if (suppressSideEffects !== true) repricing.schedule(context, due);
  return prices;
}

/** Computes the prices of stored products again. The caller holds `lockPrices`. */
export async function reprice(context: Context, productIds: readonly string[]): Promise<void> {
  if (productIds.length === 0) return;
  const { tx, schema } = context;
  const { rows } = await tx.query<ListPrice>(
    `select product_id as "productId", price::text, currency
     from ${schema}.products where product_id = any($1)`,
    [productIds],
  );
  const prices = await effectivePrices(context, rows);
  context.write({
    text: `update ${schema}.products p
     set effective_price = c.effective_price,
         effective_price_discount_id = c.effective_price_discount_id,
         effective_price_until = c.effective_price_until
     from jsonb_populate_recordset(null::${schema}.products, $1::jsonb) as c
     where p.product_id = c.product_id`,
    values: [
      JSON.stringify(
        [...prices].map(([productId, price]) => ({ product_id: productId, ...price })),
      ),
    ],
  });
}

/** A discount starts or ends now: the price is computed again, and the next change planned. */
export async function repriceJob(payload: unknown, context: ApplyContext): Promise<void> {
  const productId = repricing.productOf(payload);
  await lockPrices(context, [productId]);
  await reprice(context, [productId]);
}

interface DiscountRow extends Discount {
  readonly productId: string;
}

/** Stored discounts, by product. */
export async function discountsOf(
  { tx, schema }: Pick<Context, 'tx' | 'schema'>,
  productIds: readonly string[],
): Promise<Map<string, Discount[]>> {
  const byProduct = new Map<string, Discount[]>();
  if (productIds.length === 0) return byProduct;
  const { rows } = await tx.query<DiscountRow>({
    name: `${schema}.discounts`,
    text: `select product_id as "productId", discount_id as "discountId",
            discount_percentage::text as percentage,
            to_json(start_date) #>> '{}' as "startDate", to_json(end_date) #>> '{}' as "endDate",
            coalesce(minimum_quantity, 1)::float8 as "minimumQuantity",
            maximum_discount::text as "maximumDiscount"
     from ${schema}.product_discounts
     where product_id = any($1) and discount_percentage is not null
     order by discount_id`,
    values: [productIds],
  });
  for (const { productId, ...discount } of rows) {
    const known = byProduct.get(productId);
    if (known === undefined) byProduct.set(productId, [discount]);
    else known.push(discount);
  }
  return byProduct;
}
