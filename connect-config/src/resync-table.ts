import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { encodePosition } from '@shelfcast/schemas/position';
import { cdcTopic, entityOfTable } from '@shelfcast/schemas/topics';
import { OperationError } from './connect-error.ts';
import { withConnectorLock } from './connector-lock.ts';
import { CONNECTOR } from './context.ts';
import { beyondMarkers, endsOf } from './initial-snapshot.ts';
import { recapture } from './recapture.ts';
import { registerConnector } from './register.ts';
import { epochOf } from './render.ts';
import type { ResyncContext } from './resync.ts';
import { describeRead } from './snapshot/first-reads.ts';
import { readTable } from './snapshot/read-table.ts';
import { listConsumers, requestSweeps } from './sweeps.ts';
import { formatTableName, type TableName } from './table-name.ts';
import { type SweptConsumers, waitForSweeps } from './wait-for-sweeps.ts';
import { haltOf, isRunning, waitUntilRunning } from './wait-until.ts';

export interface ResyncTableOptions {
  readonly table: TableName;
  readonly requestedBy: string;
  /** The most keys that each consumer may remove although they are many. */
  readonly confirmed?: number;
  /** Of the snapshot, and then of the sweep, each. */
  readonly timeoutMs?: number;
}

/**
 * Captures a table again, whatever has its name now, and makes read models equal to it: reads all of it beside the stream
 * of changes, and has consumers delete the keys that were there before and were neither read nor changed since. The other
 * tables go on, but for a restart of the connector. Safe to interrupt and to repeat.
 *
 * @throws OperationError `TABLE_NOT_CAPTURED`, and those of its steps
 */
export async function resyncTable(
  context: ResyncContext,
  { table, requestedBy, confirmed = 0, timeoutMs = 3_600_000 }: ResyncTableOptions,
): Promise<SweptConsumers> {
  const { client, products, consumers, admin, settings, log } = context;
  const name = formatTableName(table);
  const captured = await listCapturedTables(products);
  if (!captured.some((one) => formatTableName(one) === name)) {
    throw new OperationError(
      'TABLE_NOT_CAPTURED',
      `${name} is not captured: make connector-add-table TABLE=${name} adds it.`,
    );
  }
  const status = await client.status(CONNECTOR);
  const halt = status === undefined ? undefined : haltOf(status);
  if (halt !== undefined) throw new OperationError('CONNECTOR_NOT_RUNNING', halt);

  const commands = await withConnectorLock(context, `resync of ${name}`, async (locked) => {
    await recapture(products, [table]);
    log(`${name} is published as a whole and readable for Debezium`);
    const { action } = await registerConnector(locked, { leave: table, timeoutMs });
    // Debezium knows the columns of the table that had the name before.
    if (action === 'unchanged') await restart(locked);

    const topics = [cdcTopic({ prefix: settings.topicPrefix, ...table })];
    const requestedAtMs = Date.now();
    const requestedFrom = await endsOf(admin, topics);
    const read = await readTable(locked, { table, timeoutMs });
    log(describeRead(read));
    const names = await listConsumers(consumers);
    if (names.length === 0) return undefined;
    const epoch = epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n;
    return await requestSweeps(consumers, {
      consumers: names,
      since: {
        floor: encodePosition({
          epoch,
          sequence: [read.request.signalLsn, null],
          snapshot: true,
        }),
        requestedAtMs,
        requestedFrom,
      },
      entities: [entityOfTable(table)],
      watermarks: beyondMarkers(await endsOf(admin, topics), settings.exactlyOnceSource),
      confirmed,
      requestedBy,
    });
  });
  if (commands === undefined) {
    log('No consumer has run yet: there is nothing to sweep');
    return { done: [], missing: [] };
  }
  return await waitForSweeps({ consumers, admin, commands, timeoutMs, log });
}

async function restart({ client }: Pick<ResyncContext, 'client'>): Promise<void> {
  const status = await client.status(CONNECTOR);
  if (status === undefined || !isRunning(status)) return;
  await client.restart(CONNECTOR, { onlyFailed: false });
  await waitUntilRunning({ client, connector: CONNECTOR });
}
