import { pricesWithin } from '../effective-price/effective-price.ts';
import type { Computed } from '../runtime/contract/definition.ts';
import { discountsOf, type ListPrice } from './reprice.ts';

/** Clocks differ a little. */
const LENIENCY_MS = 60_000;
/** The job that follows a start or end of a discount may come so much later. */
const LATE_MS = 600_000;

/** Products whose effective price is not that of their price and their discounts. */
export const wrongPrices: Computed = async (productIds, { tx, schema, nowMs }) => {
  const { rows } = await tx.query<ListPrice & { effective: string | null; untilMs: number | null }>(
    `select product_id as "productId", price::text, currency, effective_price::text as effective,
            extract(epoch from effective_price_until)::float8 * 1000 as "untilMs"
     from ${schema}.products where product_id = any($1)`,
    [productIds],
  );
  const discounts = await discountsOf({ tx, schema }, productIds);
  const wrong = new Map<string, readonly string[]>();
  for (const { productId, price, currency, effective, untilMs } of rows) {
    const beforeDueMs = Math.max((untilMs ?? nowMs) - 1, nowMs - LATE_MS);
    const right =
      price === null
        ? [null]
        : pricesWithin({ price, currency }, discounts.get(productId) ?? [], {
            fromMs: Math.min(beforeDueMs, nowMs - LENIENCY_MS),
            toMs: nowMs + LENIENCY_MS,
          });
    if (!right.includes(effective)) wrong.set(productId, ['effective_price']);
  }
  return wrong;
};
