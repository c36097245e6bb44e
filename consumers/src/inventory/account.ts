import { deriveId } from '@shelfcast/schemas/change-id';
import type { StockAlert } from '@shelfcast/schemas/generated/stock_alert';
import type { Cause, StockEffect } from './decide.ts';
import { nextState, type StockState, type Thresholds } from './hysteresis.ts';

/** An entry of the ledger. */
export interface Movement {
  readonly id: string;
  readonly productId: string;
  readonly kind: 'opening' | 'change' | 'closing';
  readonly delta: bigint;
  /** The level after it; null where the source does not say. */
  readonly quantity: bigint | null;
  readonly cause: Cause;
}

export interface StockLevel {
  readonly quantity: bigint | null;
  readonly state: StockState;
  readonly category: string | null;
}

export interface AlertRules extends Thresholds {
  /** Whether a product that a snapshot shows for the first time is alerted of. */
  readonly alertFirstRead: boolean;
}

export interface CausedAlert {
  readonly alert: StockAlert;
  readonly cause: Cause;
}

export interface Accounted {
  /** In the order of the effects. */
  readonly movements: readonly Movement[];
  /** New levels by product; null for a product that is gone. Only those that differ from what was known. */
  readonly levels: ReadonlyMap<string, (StockLevel & { readonly changedAtUs: bigint }) | null>;
  readonly alerts: readonly CausedAlert[];
}

/**
 * Pure: what a batch of effects, in order, does to the ledger, the levels and the alerts.
 *
 * A movement leads from the level in the ledger to the new one, not from the change's own `before`: so
 * the ledger adds up even when a change in between was discarded.
 */
export function account(
  effects: readonly StockEffect[],
  known: ReadonlyMap<string, StockLevel>,
  rulesOf: (productId: string, category: string | null) => AlertRules,
): Accounted {
  const movements: Movement[] = [];
  const alerts: CausedAlert[] = [];
  const levels = new Map<string, (StockLevel & { changedAtUs: bigint }) | null>();

  for (const effect of effects) {
    const { productId, cause } = effect;
    const earlier = levels.has(productId) ? levels.get(productId) : known.get(productId);
    const from = earlier?.quantity ?? 0n;
    if (effect.kind === 'gone') {
      if (!earlier) continue;
      movements.push(movement('closing', effect, -from, 0n));
      levels.set(productId, null);
      continue;
    }
    const { quantity } = effect;
    const category = effect.category === undefined ? (earlier?.category ?? null) : effect.category;
    const changedAtUs = cause.occurredAtUs;
    if (earlier && earlier.quantity === quantity) {
      if (earlier.category !== category) {
        levels.set(productId, { ...earlier, category, changedAtUs });
      }
      continue;
    }
    const rules = rulesOf(productId, category);
    const { state, alert } = nextState(earlier?.state ?? 'ok', quantity, rules);
    movements.push(
      movement(earlier ? 'change' : 'opening', effect, (quantity ?? 0n) - from, quantity),
    );
    levels.set(productId, { quantity, state, category, changedAtUs });
    const quiet = !earlier && effect.snapshot && !rules.alertFirstRead;
    if (alert !== null && quantity !== null && !quiet) {
      alerts.push({
        cause,
        alert: {
          id: deriveId(['stock_alert', cause.changeId, alert.kind]),
          product_id: productId,
          kind: alert.kind,
          stock_quantity: quantity,
          threshold: alert.threshold,
          occurred_at: cause.occurredAtUs,
          cause_change_id: cause.changeId,
        },
      });
    }
  }
  return { movements, levels, alerts };
}

function movement(
  kind: Movement['kind'],
  { productId, cause }: StockEffect,
  delta: bigint,
  quantity: bigint | null,
): Movement {
  const id = deriveId(['stock_movement', cause.changeId]);
  return { id, productId, kind, delta, quantity, cause };
}
