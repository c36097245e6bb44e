import type { ClientBase, Pool } from 'pg';
import type { PriceChange } from './prices.ts';
import { relativeChange } from './relative-change.ts';

/** What a subscriber wants to hear of; null: everything. All that is given must hold. */
export interface SubscriberFilter {
  readonly category: string | null;
  readonly brand: string | null;
  readonly productIds: readonly string[] | null;
  /** Smallest |new − old| / old, as decimal text: `0.05` is 5 %. A price that appears or disappears always counts. */
  readonly minRelativeChange: string;
}

export interface Subscriber extends SubscriberFilter {
  readonly id: string;
  readonly url: string;
  /** Standard Webhooks, `whsec_…`. */
  readonly secret: string;
  readonly enabled: boolean;
  readonly ratePerSecond: number;
}

/** Pure: whether the filter lets a price change through. */
export function wants(filter: SubscriberFilter, change: PriceChange): boolean {
  const { category, brand, productIds, minRelativeChange } = filter;
  if (category !== null && category !== change.category) return false;
  if (brand !== null && brand !== change.brand) return false;
  if (productIds !== null && !productIds.includes(change.productId)) return false;
  const relative = relativeChange(change);
  return relative === null || relative.greaterThanOrEqualTo(minRelativeChange);
}

export type SubscriberFilterRow = SubscriberFilter & { readonly id: string };

/** Those who may want to hear of a change that is decided now; none of them is removed before the transaction ends. */
export async function enabledFilters(tx: ClientBase | Pool): Promise<SubscriberFilterRow[]> {
  const { rows } = await tx.query<SubscriberFilterRow>({
    name: 'pricing.subscribers',
    text: `select id, category, brand, product_ids as "productIds",
             min_relative_change as "minRelativeChange"
           from pricing.subscribers where enabled order by id for key share`,
  });
  return rows;
}
