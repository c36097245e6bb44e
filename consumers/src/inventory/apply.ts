import { cloudEventHeaders } from '@shelfcast/schemas/cloud-event';
import { STOCK_ALERT } from '@shelfcast/schemas/contracts';
import type { Apply, ApplyContext } from '../runtime/contract/definition.ts';
import { account, type CausedAlert } from './account.ts';
import type { StockEffect } from './decide.ts';
import { type Known, readKnown, writeAccounted } from './store.ts';

/** Enters every change of stock in the ledger, and publishes an alert for each threshold crossed. */
export async function apply(effects: readonly StockEffect[], context: ApplyContext): Promise<void> {
  enter(effects, await readKnown(context.tx, effects), context);
}

export function ahead(effects: readonly StockEffect[], { tx }: ApplyContext): Apply<StockEffect> {
  const reading = readKnown(tx, effects);
  reading.catch(() => {}); // thrown where it is awaited
  return async (some, context) => enter(some, await reading, context);
}

function enter(
  effects: readonly StockEffect[],
  { levels, rulesOf }: Known,
  { write, publishEvent }: ApplyContext,
): void {
  const accounted = account(effects, levels, rulesOf);
  writeAccounted({ write }, accounted);
  for (const alert of accounted.alerts) publishEvent(eventOf(alert));
}

function eventOf({ alert, cause }: CausedAlert) {
  return {
    contract: STOCK_ALERT,
    key: alert.product_id,
    value: alert,
    headers: cloudEventHeaders({
      id: alert.id,
      source: `/shelfcast/${encodeURIComponent(cause.instance)}/inventory`,
      type: `shelfcast.stock_alert.${alert.kind}`,
      subject: alert.product_id,
      timeUs: alert.occurred_at,
    }),
  };
}
