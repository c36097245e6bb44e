/** A row of the ledger, as it is told to subscribers; amounts are exact decimal text. */
export interface LedgerEntry {
  readonly id: string;
  readonly productId: string;
  readonly category: string | null;
  readonly brand: string | null;
  readonly oldAmount: string | null;
  readonly oldCurrency: string | null;
  readonly newAmount: string | null;
  readonly newCurrency: string | null;
  readonly discountId: string | null;
  readonly cause: string;
  /** ISO-8601. */
  readonly occurredAt: string;
}

export const PRICE_CHANGED = 'product.price.changed';

/** The body of a webhook, in the form Standard Webhooks recommends; a function of the ledger, so every attempt is equal. */
export function payloadOf(entry: LedgerEntry): string {
  return JSON.stringify({
    type: PRICE_CHANGED,
    timestamp: entry.occurredAt,
    data: {
      eventId: entry.id,
      productId: entry.productId,
      category: entry.category,
      brand: entry.brand,
      oldPrice: price(entry.oldAmount, entry.oldCurrency),
      newPrice: price(entry.newAmount, entry.newCurrency),
      discountId: entry.discountId,
      cause: entry.cause,
    },
  });
}

function price(amount: string | null, currency: string | null) {
  return amount === null ? null : { amount, currency };
}
