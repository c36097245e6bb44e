import { Decimal } from 'decimal.js';
import type { PriceChange } from './prices.ts';

/** |new − old| / old; null where the two cannot be compared: no price before or after, zero, another currency. */
export function relativeChange({
  old,
  new: now,
}: Pick<PriceChange, 'old' | 'new'>): Decimal | null {
  if (old === null || now === null || old.currency !== now.currency) return null;
  const before = new Decimal(old.amount);
  return before.isZero()
    ? null
    : new Decimal(now.amount).minus(before).abs().dividedBy(before.abs());
}
