import { cloudEventHeaders } from '@shelfcast/schemas/cloud-event';
import { STOCK_ALERT } from '@shelfcast/schemas/contracts';
import type { ApplyContext } from '../runtime/definition.ts';
import { account, type CausedAlert } from './account.ts';
import type { StockEffect } from './decide.ts';
import { readKnown, writeAccounted } from './store.ts';

/** Enters every change of stock in the ledger, and publishes an alert for each threshold crossed. */
export async function apply(
  effects: readonly StockEffect[],
  { tx, publishEvent }: ApplyContext,
): Promise<void> {
  const { levels, rulesOf } = await readKnown(tx, effects);
  const accounted = account(effects, levels, rulesOf);
  await writeAccounted(tx, accounted);
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
