import { Decimal } from 'decimal.js';

/** Enough digits that no product of two `numeric(38, …)` values is ever rounded before we round it. */
const ExactDecimal = Decimal.clone({ precision: 100, rounding: Decimal.ROUND_HALF_UP });

/** A discount as the effective price sees it; amounts and percentages are exact decimal strings. */
export interface Discount {
  readonly discountId: string;
  readonly percentage: string;
  /** Inclusive start, ISO-8601; null: has always been in force. `-infinity` is understood. */
  readonly startDate: string | null;
  /** Exclusive end, ISO-8601; null: never ends. `infinity` is understood. */
  readonly endDate: string | null;
  readonly minimumQuantity: number;
  /** Largest reduction, in the currency of the price; null: no cap. */
  readonly maximumDiscount: string | null;
}

export interface PricedProduct {
  readonly price: string;
  /** ISO 4217 code; its minor unit decides the rounding (JPY 0, EUR 2, KWD 3). Null: `DEFAULT_CURRENCY`. */
  readonly currency: string | null;
}

/** What `products.currency` is by default: so it is that of a product that only manual events know, which name none. */
export const DEFAULT_CURRENCY = 'EUR';

export interface EffectivePrice {
  /** Exact decimal string in the product's currency, rounded half up to the minor unit. */
  readonly amount: string;
  /** The discount that gave this price, or null where the list price is the lowest. */
  readonly discountId: string | null;
  /** When the price next changes by the clock alone, in ms since the Unix epoch; null: never. */
  readonly nextChangeAtMs: number | null;
}

/**
 * The price of one piece at `atMs` (ms since the Unix epoch):
 * price × (1 − percentage/100) under the discount in force (start ≤ at < end) with the lowest
 * result, the reduction capped by `maximumDiscount`, only discounts for a quantity of one.
 */
export function effectivePrice(
  product: PricedProduct,
  discounts: readonly Discount[],
  atMs: number,
): EffectivePrice {
  const listPrice = new ExactDecimal(product.price);
  let lowest = listPrice;
  let discountId: string | null = null;
  let nextChangeAtMs: number | null = null;

  for (const discount of discounts) {
    if (discount.minimumQuantity > 1) continue;
    const startMs = instantMs(discount.startDate, Number.NEGATIVE_INFINITY);
    const endMs = instantMs(discount.endDate, Number.POSITIVE_INFINITY);
    for (const boundaryMs of [startMs, endMs]) {
      if (boundaryMs > atMs && boundaryMs < (nextChangeAtMs ?? Number.POSITIVE_INFINITY)) {
        nextChangeAtMs = boundaryMs;
      }
    }
    if (atMs < startMs || atMs >= endMs) continue;
    const reduced = listPrice.minus(reduction(listPrice, discount));
    if (reduced.lessThan(lowest)) {
      lowest = reduced;
      discountId = discount.discountId;
    }
  }
  return {
    amount: lowest.toFixed(minorUnit(product.currency ?? DEFAULT_CURRENCY)),
    discountId,
    nextChangeAtMs,
  };
}

/** All prices that one piece has in a span of time, ms since the Unix epoch. */
export function pricesWithin(
  product: PricedProduct,
  discounts: readonly Discount[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): (string | null)[] {
  const amounts: (string | null)[] = [];
  for (let atMs: number | null = fromMs; atMs !== null && atMs <= toMs; ) {
    const { amount, nextChangeAtMs }: EffectivePrice = effectivePrice(product, discounts, atMs);
    amounts.push(amount);
    atMs = nextChangeAtMs;
  }
  return amounts;
}

function reduction(listPrice: Decimal, discount: Discount): Decimal {
  const full = listPrice.times(discount.percentage).dividedBy(100);
  return discount.maximumDiscount === null
    ? full
    : ExactDecimal.min(full, discount.maximumDiscount);
}

function instantMs(date: string | null, absent: number): number {
  if (date === null) return absent;
  if (date === 'infinity') return Number.POSITIVE_INFINITY;
  if (date === '-infinity') return Number.NEGATIVE_INFINITY;
  return Date.parse(date);
}

/** Memoised because building a number format takes some 30 µs; there are few currencies. */
const minorUnits = new Map<string, number>();

/** Number of decimals of a currency by ISO 4217, as the runtime's CLDR data has it; 2 for an unknown code. */
function minorUnit(currency: string): number {
  const known = minorUnits.get(currency);
  if (known !== undefined) return known;
  const digits = /^[A-Z]{3}$/.test(currency)
    ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
        .maximumFractionDigits ?? 2)
    : 2;
  minorUnits.set(currency, digits);
  return digits;
}
