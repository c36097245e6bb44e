import {
  DEFAULT_CURRENCY,
  type Discount,
  effectivePrice,
} from '../effective-price/effective-price.ts';
import type { Cause, DiscountColumns, PriceEffect, ProductColumns } from './decide.ts';

/** A product as far as its price goes. Its discounts can be known before the product itself. */
export interface ProductState {
  /** Undefined: the product is not known (yet, or any more). */
  readonly product: KnownProduct | undefined;
  readonly discounts: ReadonlyMap<string, DiscountColumns>;
}

export interface KnownProduct extends ProductColumns {
  readonly firstEpoch: bigint;
  readonly effective: Amount | null;
  readonly discountId: string | null;
  /** When the clock alone changes the price next, in ms since the Unix epoch; null: never. */
  readonly untilMs: number | null;
  /**
   * The moment the price is that of. Nothing is computed for an earlier one: of two processes whose clocks differ,
   * the slower would undo what the clock has done and see it happen again.
   */
  readonly pricedAtMs: number;
}

export interface Amount {
  /** Exact decimal text, rounded to the currency's minor unit. */
  readonly amount: string;
  readonly currency: string;
}

/** The effective price of a product is another one. */
export interface PriceChange {
  readonly productId: string;
  readonly category: string | null;
  readonly brand: string | null;
  readonly old: Amount | null;
  readonly new: Amount | null;
  readonly discountId: string | null;
  readonly cause: Cause;
  /** Subscribers are not told: a snapshot met the product or discount for the first time. */
  readonly suppressed: boolean;
}

export interface Prices {
  readonly products: ReadonlyMap<string, ProductState>;
  /** In the order in which they happened. */
  readonly changes: readonly PriceChange[];
}

const NOTHING: ProductState = { product: undefined, discounts: new Map() };

/**
 * Pure: what becomes of prices when effects happen to them in order. Discounts that started or ended before an
 * effect occurred count as earlier changes of their own; at the end every price is that of `nowMs`.
 * @param known the products the effects can touch; those that are missing are not known
 */
export function applyToPrices(
  known: ReadonlyMap<string, ProductState>,
  effects: readonly PriceEffect[],
  nowMs: number,
): Prices {
  const products = new Map(known);
  const changes: PriceChange[] = [];
  const stateOf = (id: string) => products.get(id) ?? NOTHING;

  /** Lets the clock change the price at each start and end of a discount up to a moment. */
  function advance(productId: string, toMs: number): void {
    for (;;) {
      const { product, discounts } = stateOf(productId);
      const atMs = product?.untilMs ?? null;
      if (product === undefined || atMs === null || atMs > toMs) return;
      const at = new Date(atMs).toISOString();
      const cause: Cause = {
        kind: 'clock',
        id: at,
        occurredAtMs: atMs,
        snapshot: false,
        epoch: product.firstEpoch,
      };
      settle(productId, { product, discounts }, { cause, atMs, old: product.effective });
    }
  }

  /** Computes the price of a state, keeps it, and notes the change where it is one. */
  function settle(
    productId: string,
    { product, discounts }: ProductState,
    how: { cause: Cause; atMs: number; old: Amount | null; silent?: boolean; about?: KnownProduct },
  ): void {
    const priced = product && priceAt(product, discounts, how.atMs);
    products.set(productId, { product: priced, discounts });
    const now = priced?.effective ?? null;
    if (sameAmount(how.old, now)) return;
    const { category = null, brand = null } = priced ?? how.about ?? {};
    changes.push({
      productId,
      category,
      brand,
      old: how.old,
      new: now,
      discountId: priced?.discountId ?? null,
      cause: how.cause,
      suppressed: how.silent ?? false,
    });
  }

  function putProduct(effect: PriceEffect & { kind: 'putProduct' }): void {
    const { key, cause, columns, before } = effect;
    const { product, discounts } = stateOf(key);
    if (product === undefined) {
      const fresh = { ...NO_COLUMNS, ...NEVER_PRICED, firstEpoch: cause.epoch };
      // What is met halfway through its life had a price before, and that is what it is compared with.
      const base = before === null ? undefined : priceAt({ ...fresh, ...before }, discounts, nowMs);
      const first = { ...(base ?? fresh), ...columns };
      if (cause.snapshot) {
        products.set(key, { product: priceAt(first, discounts, nowMs), discounts });
        return;
      }
      settle(
        key,
        { product: first, discounts },
        { cause, atMs: nowMs, old: base?.effective ?? null },
      );
      return;
    }
    if (!differs(product, columns)) return;
    const changed = { ...product, ...columns };
    settle(key, { product: changed, discounts }, { cause, atMs: nowMs, old: product.effective });
  }

  function removeProduct({ key, cause }: PriceEffect): void {
    const { product, discounts } = stateOf(key);
    if (product === undefined) return;
    const how = { cause, atMs: nowMs, old: product.effective, about: product };
    settle(key, { product: undefined, discounts }, how);
  }

  function setDiscount(
    productId: string,
    { key, cause }: PriceEffect,
    columns: DiscountColumns | undefined,
  ): void {
    const { product, discounts } = stateOf(productId);
    const changed = new Map(discounts);
    if (columns === undefined) changed.delete(key);
    else changed.set(key, columns);
    if (product === undefined) {
      products.set(productId, { product, discounts: changed });
      return;
    }
    // A snapshot of a generation in which the product was already known shows what happened since the last one.
    const silent = cause.snapshot && !discounts.has(key) && cause.epoch <= product.firstEpoch;
    settle(
      productId,
      { product, discounts: changed },
      { cause, atMs: nowMs, old: product.effective, silent },
    );
  }

  const ownerOf = ownersOf(products);
  for (const effect of effects) {
    const owner = isAboutProduct(effect) ? effect.key : ownerOf.get(effect.key);
    if (owner !== undefined) advance(owner, Math.min(effect.cause.occurredAtMs, nowMs));
    switch (effect.kind) {
      case 'putProduct':
        putProduct(effect);
        break;
      case 'removeProduct':
        removeProduct(effect);
        break;
      case 'putDiscount': {
        const before = owner === undefined ? undefined : stateOf(owner).discounts.get(effect.key);
        const columns = { ...(before ?? NO_DISCOUNT), ...effect.columns };
        const productId = columns.product_id;
        if (owner !== undefined && owner !== productId) setDiscount(owner, effect, undefined);
        if (productId === null) {
          ownerOf.delete(effect.key);
          break;
        }
        if (owner === productId && before !== undefined && !differs(before, columns)) break;
        if (owner !== productId) advance(productId, Math.min(effect.cause.occurredAtMs, nowMs));
        setDiscount(productId, effect, columns);
        ownerOf.set(effect.key, productId);
        break;
      }
      case 'removeDiscount':
        if (owner !== undefined) setDiscount(owner, effect, undefined);
        ownerOf.delete(effect.key);
        break;
    }
  }
  for (const productId of products.keys()) advance(productId, nowMs);
  return { products, changes };
}

const NO_COLUMNS: ProductColumns = { category: null, brand: null, price: null, currency: null };
const NO_PRICE = { effective: null, discountId: null, untilMs: null } as const;
const NEVER_PRICED = { ...NO_PRICE, pricedAtMs: 0 };
const NO_DISCOUNT: DiscountColumns = {
  product_id: null,
  discount_percentage: null,
  start_date: null,
  end_date: null,
  minimum_quantity: null,
  maximum_discount: null,
};

function isAboutProduct({ kind }: PriceEffect): boolean {
  return kind === 'putProduct' || kind === 'removeProduct';
}

function ownersOf(products: ReadonlyMap<string, ProductState>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const [productId, { discounts }] of products) {
    for (const discountId of discounts.keys()) owners.set(discountId, productId);
  }
  return owners;
}

function priceAt(
  product: KnownProduct,
  discounts: ReadonlyMap<string, DiscountColumns>,
  atMs: number,
): KnownProduct {
  const pricedAtMs = Math.max(atMs, product.pricedAtMs);
  if (product.price === null) return { ...product, ...NO_PRICE, pricedAtMs };
  const { amount, discountId, nextChangeAtMs } = effectivePrice(
    { price: product.price, currency: product.currency },
    [...discounts].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(asDiscount),
    pricedAtMs,
  );
  return {
    ...product,
    effective: { amount, currency: product.currency ?? DEFAULT_CURRENCY },
    discountId,
    untilMs: nextChangeAtMs,
    pricedAtMs,
  };
}

function asDiscount([discountId, columns]: [string, DiscountColumns]): Discount[] {
  const { discount_percentage: percentage, minimum_quantity: minimum } = columns;
  if (percentage === null) return [];
  return [
    {
      discountId,
      percentage,
      startDate: columns.start_date,
      endDate: columns.end_date,
      minimumQuantity: minimum === null ? 1 : Number(minimum),
      maximumDiscount: columns.maximum_discount,
    },
  ];
}

function sameAmount(a: Amount | null, b: Amount | null): boolean {
  return a?.amount === b?.amount && a?.currency === b?.currency;
}

function differs<Columns extends object>(known: Columns, told: Partial<Columns>): boolean {
  for (const name in told) if (told[name] !== known[name]) return true;
  return false;
}
