import { deriveId } from '@shelfcast/schemas/change-id';
import type { ApplyContext } from '../runtime/contract/definition.ts';
import { isoOf } from './price-store.ts';
import type { PriceChange } from './prices.ts';
import { enabledFilters, wants } from './subscribers.ts';

export interface AnnounceOptions {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  /** Whether to keep it from all subscribers, as in a rebuild. */
  readonly suppress: boolean;
}

/** The same for every attempt to decide the same change: it is a function of what caused it. */
export function priceChangeId({ productId, cause }: PriceChange): string {
  return deriveId(['price-change', productId, cause.kind, cause.id]);
}

/** Writes price changes to the ledger, in order, with a delivery for each subscriber that wants one. */
export async function announce(
  { tx, write }: Pick<ApplyContext, 'tx' | 'write'>,
  changes: readonly PriceChange[],
  { nowMs, suppress }: AnnounceOptions,
): Promise<void> {
  if (changes.length === 0) return;
  const told = suppress ? [] : changes.filter((change) => !change.suppressed);
  const subscribers = told.length === 0 ? [] : await enabledFilters(tx);
  const deliveries = told.flatMap((change) =>
    subscribers
      .filter((subscriber) => wants(subscriber, change))
      .map(({ id }) => ({ event_id: priceChangeId(change), subscriber_id: id })),
  );
  write({
    ...ANNOUNCE,
    values: [
      JSON.stringify(changes.map((change) => toRecord(change, suppress))),
      JSON.stringify(deliveries),
      isoOf(nowMs),
    ],
  });
}

function toRecord(change: PriceChange, suppress: boolean) {
  const { productId, category, brand, old, new: now, discountId, cause, suppressed } = change;
  return {
    id: priceChangeId(change),
    product_id: productId,
    category,
    brand,
    old_amount: old?.amount ?? null,
    old_currency: old?.currency ?? null,
    new_amount: now?.amount ?? null,
    new_currency: now?.currency ?? null,
    discount_id: discountId,
    cause: cause.kind,
    cause_id: cause.id,
    trace_id: cause.traceId ?? null,
    occurred_at: isoOf(cause.occurredAtMs),
    suppressed: suppressed || suppress,
  };
}

const COLUMNS = `id, product_id, category, brand, old_amount, old_currency, new_amount, new_currency, discount_id,
  cause, cause_id, trace_id, occurred_at, suppressed`;

/** The order of the array becomes the order of `nr`: it is drawn after the sort. */
const ANNOUNCE = {
  name: 'pricing.announce',
  text: `with events as (
      insert into pricing.price_changes (${COLUMNS}, decided_at)
      select ${COLUMNS}, $3
      from rows from (jsonb_to_recordset($1::jsonb) as (
        id uuid, product_id text, category text, brand text, old_amount numeric, old_currency text,
        new_amount numeric, new_currency text, discount_id text, cause text, cause_id text,
        trace_id text, occurred_at timestamptz, suppressed boolean)) with ordinality
      order by ordinality
      returning id, nr, product_id)
    insert into pricing.deliveries (subscriber_id, event_id, event_nr, product_id)
    select d.subscriber_id, e.id, e.nr, e.product_id
    from jsonb_to_recordset($2::jsonb) as d(event_id uuid, subscriber_id text)
    join events e on e.id = d.event_id`,
};
