import type { ClientBase } from 'pg';
import type { Apply, ApplyContext } from '../runtime/contract/definition.ts';
import { announce } from './announce.ts';
import type { PriceEffect } from './decide.ts';
import { loadPrices, ownersOfDiscounts, savePrices } from './price-store.ts';
import { applyToPrices, type Prices, type ProductState } from './prices.ts';
import { repricing } from './repricing.ts';

/** Writes what a batch of effects makes of prices, and the price changes that follow from it. */
export async function apply(effects: readonly PriceEffect[], context: ApplyContext): Promise<void> {
  const { tx, nowMs } = context;
  const productIds = await productsOf(tx, effects);
  if (effects.every(({ nothingNew }) => nothingNew)) {
    // Edits of other columns: one look without locks, and mostly that is all.
    const known = await loadPrices(tx, productIds);
    if (isSame(known, applyToPrices(known, effects, nowMs))) return;
  }
  await changePrices(productIds, effects, context);
}

/** For effects on products alone: what is stored of them is read, and locked where it will change, with the claim. */
export function ahead(
  effects: readonly PriceEffect[],
  context: ApplyContext,
): Apply<PriceEffect> | undefined {
  const isOfProduct = ({ kind }: PriceEffect) => kind === 'putProduct' || kind === 'removeProduct';
  if (!effects.every(isOfProduct)) return;
  const productIds = [...new Set(effects.map(({ key }) => key))];
  const nothingNew = effects.every((effect) => effect.nothingNew);
  const locking = nothingNew ? Promise.resolve() : repricing.lock(context, productIds);
  const loading = loadPrices(context.tx, productIds);
  for (const reading of [locking, loading]) reading.catch(() => {}); // thrown where it is awaited
  return async (some, later) => {
    await locking;
    const known = await loading;
    if (!nothingNew) await savePriced(known, applyToPrices(known, some, later.nowMs), later);
    else if (!isSame(known, applyToPrices(known, some, later.nowMs))) {
      await changePrices(productIds, some, later);
    }
  };
}

/** A discount starts or ends now: the price is computed again, and the next change planned. */
export async function repriceJob(payload: unknown, context: ApplyContext): Promise<void> {
  const productId = repricing.productOf(payload);
  const after = await changePrices([productId], [], context);
  // The queue's clock may be ahead of ours: then this was too early, and has to come again.
  const atMs = after.get(productId)?.product?.untilMs ?? null;
  if (atMs !== null) repricing.schedule(context, [{ productId, atMs }]);
}

/**
 * Computes prices again under their locks, and stores, plans and announces what changed.
 * @param productIds all products the effects can touch
 */
export async function changePrices(
  productIds: readonly string[],
  effects: readonly PriceEffect[],
  context: ApplyContext,
): Promise<ReadonlyMap<string, ProductState>> {
  await repricing.lock(context, productIds);
  const known = await loadPrices(context.tx, productIds);
  const prices = applyToPrices(known, effects, context.nowMs);
  await savePriced(known, prices, context);
  return prices.products;
}

async function savePriced(
  known: ReadonlyMap<string, ProductState>,
  { products, changes }: Prices,
  context: ApplyContext,
): Promise<void> {
  const { nowMs, suppressSideEffects = false } = context;
  savePrices(context, known, products);
  repricing.schedule(context, newlyDue(known, products));
  await announce(context, changes, { nowMs, suppress: suppressSideEffects });
}

async function productsOf(tx: ClientBase, effects: readonly PriceEffect[]): Promise<string[]> {
  const productIds = new Set<string>();
  const discountIds = new Set<string>();
  for (const effect of effects) {
    if (effect.kind === 'putProduct' || effect.kind === 'removeProduct') {
      productIds.add(effect.key);
      continue;
    }
    discountIds.add(effect.key);
    if (effect.productIdBefore !== null) productIds.add(effect.productIdBefore);
    const productId = effect.kind === 'putDiscount' ? effect.columns.product_id : null;
    if (typeof productId === 'string') productIds.add(productId);
  }
  for (const owner of await ownersOfDiscounts(tx, [...discountIds])) productIds.add(owner);
  return [...productIds];
}

function isSame(known: ReadonlyMap<string, ProductState>, { products }: Prices): boolean {
  return [...products].every(
    ([productId, { product, discounts }]) =>
      product === known.get(productId)?.product && discounts === known.get(productId)?.discounts,
  );
}

function newlyDue(
  before: ReadonlyMap<string, ProductState>,
  after: ReadonlyMap<string, ProductState>,
) {
  return [...after].flatMap(([productId, { product }]) => {
    const atMs = product?.untilMs ?? null;
    return atMs === null || atMs === before.get(productId)?.product?.untilMs
      ? []
      : [{ productId, atMs }];
  });
}
