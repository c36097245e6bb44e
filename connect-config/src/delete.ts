import { withConnectorLock } from './connector-lock.ts';
import { CONNECTOR, type ConnectorContext, SLOT } from './context.ts';
import { dropSlot } from './replication-slot.ts';
import { waitUntilStopped } from './wait-until.ts';

/**
 * Removes the connector with everything it remembers: offsets, configuration, replication slot. What
 * is left is as before the first registration; the next one takes a full snapshot under a new epoch.
 * Safe to repeat after an interruption at any step.
 */
export async function deleteConnector(context: ConnectorContext): Promise<void> {
  await withConnectorLock(context, 'deleting the connector', deleteLocked);
}

async function deleteLocked({ client, products, log }: ConnectorContext): Promise<void> {
  if ((await client.config(CONNECTOR)) === undefined) {
    log(`There is no connector ${CONNECTOR}`);
  } else {
    await client.stop(CONNECTOR);
    await waitUntilStopped({ client, connector: CONNECTOR });
    // While the connector exists: afterwards its offsets cannot be reached any more.
    if ((await client.offsets(CONNECTOR)).length > 0) {
      await client.deleteOffsets(CONNECTOR);
      log('Deleted its offsets');
    }
    await client.remove(CONNECTOR);
    log(`Deleted connector ${CONNECTOR}`);
  }
  if (await dropSlot(products, { name: SLOT })) log(`Dropped replication slot ${SLOT}`);
}
