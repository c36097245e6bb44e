import type { StockAlertKind } from '@shelfcast/schemas/generated/stock_alert';

/** What was last alerted of a product: nothing open, low stock, or none left. */
export type StockState = 'ok' | 'low' | 'out';

export interface Thresholds {
  /** At or below it stock is low; 0 or more. */
  readonly low: bigint;
  /** At or above it stock is back; above `low`. */
  readonly back: bigint;
}

export interface Step {
  readonly state: StockState;
  readonly alert: { readonly kind: StockAlertKind; readonly threshold: bigint } | null;
}

/**
 * The state after a level, and the alert that the step is worth.
 *
 * | level → | 0 and below | up to `low` | between | `back` and above |
 * |---|---|---|---|---|
 * | ok | out, alert | low, alert | ok | ok |
 * | low | out, alert | low | low | ok, alert |
 * | out | out | out | low | ok, alert |
 *
 * So a level that swings around a threshold alerts once: low is over only at `back`, and out can only
 * come again after the level was above `low`. A level that is not known (null) says nothing.
 */
export function nextState(
  state: StockState,
  level: bigint | null,
  { low, back }: Thresholds,
): Step {
  if (level === null) return { state, alert: null };
  if (level <= 0n) {
    return { state: 'out', alert: state === 'out' ? null : { kind: 'out', threshold: 0n } };
  }
  if (level <= low) {
    if (state === 'ok') return { state: 'low', alert: { kind: 'low', threshold: low } };
    return { state, alert: null };
  }
  if (level < back) return { state: state === 'out' ? 'low' : state, alert: null };
  return { state: 'ok', alert: state === 'ok' ? null : { kind: 'back', threshold: back } };
}
