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
import { describeTables } from './snapshot/ask.ts';
import { readTables } from './snapshot/read-tables.ts';
import { listConsumers, requestSweeps } from './sweeps.ts';
import { formatTableName, type TableName, tableArgument } from './table-name.ts';
import { type SweptConsumers, waitForSweeps } from './wait-for-sweeps.ts';
import { haltOf, isRunning, waitUntilRunning } from './wait-until.ts';

export interface ResyncTablesOptions {
  readonly tables: readonly TableName[];
  readonly requestedBy: string;
  /** The most keys that each consumer may remove although they are many. */
  readonly confirmed?: number;
  /** Of the snapshot, and then of the sweep, each. */
  readonly timeoutMs?: number;
}

/**
 * Captures the tables that have these names now, and makes read models equal to them: reads all of each beside the
 * stream of changes, and has consumers delete the keys that were there before and were neither read nor changed since. The
 * other tables go on, but for a restart of the connector. Safe to interrupt and to repeat.
 *
 * @throws OperationError `TABLE_NOT_CAPTURED`, and those of its steps; `NOT_READ` before anything is removed
 */
export async function resyncTables(
  context: ResyncContext,
  { tables, requestedBy, confirmed = 0, timeoutMs = 3_600_000 }: ResyncTablesOptions,
): Promise<SweptConsumers> {
  const { client, products, consumers, admin, settings, log } = context;
  const captured = new Set((await listCapturedTables(products)).map(formatTableName));
  const unknown = tables.map(formatTableName).filter((name) => !captured.has(name));
  if (unknown.length > 0) {
    const [are, adds] = unknown.length === 1 ? ['is', 'adds it'] : ['are', 'adds them'];
    throw new OperationError(
      'TABLE_NOT_CAPTURED',
      `${unknown.join(', ')} ${are} not captured: make connector-add-table ${tableArgument(unknown.join(','))} ${adds}.`,
    );
  }
  const status = await client.status(CONNECTOR);
  const halt = status === undefined ? undefined : haltOf(status);
  if (halt !== undefined) throw new OperationError('CONNECTOR_NOT_RUNNING', halt);

  const missing: string[] = [];
  const commands = await withConnectorLock(
    context,
    `resync of ${describeTables(tables)}`,
    async (locked) => {
      await recapture(products, tables);
      for (const table of tables) {
        log(`${formatTableName(table)} is published as a whole and readable for Debezium`);
      }
      const { action } = await registerConnector(locked, { leave: tables, timeoutMs });
      // Debezium knows the columns of the table that had the name before.
      if (action === 'unchanged') await restart(locked);

      const topicOf = (table: TableName) => cdcTopic({ prefix: settings.topicPrefix, ...table });
      const requestedAtMs = Date.now();
      const requestedFrom = await endsOf(admin, tables.map(topicOf));
      const { read, unread } = await readTables(locked, { tables, timeoutMs });
      const [failed] = unread;
      if (failed !== undefined && read.length === 0) throw failed.error;
      missing.push(...unread.map(({ error }) => error.message));
      const topicsRead = read.map((one) => topicOf(one.table));
      const names = await listConsumers(consumers);
      if (names.length === 0) return undefined;
      const epoch = epochOf((await client.config(CONNECTOR)) ?? {}) ?? 0n;
      return await requestSweeps(consumers, {
        consumers: names,
        since: {
          floor: encodePosition({
            epoch,
            sequence: [lowest(read.map(({ request }) => request.signalLsn)), null],
            snapshot: true,
          }),
          requestedAtMs,
          requestedFrom,
        },
        entities: read.map(({ table }) => entityOfTable(table)),
        watermarks: beyondMarkers(await endsOf(admin, topicsRead), settings.exactlyOnceSource),
        confirmed,
        requestedBy,
      });
    },
  );
  if (commands === undefined) {
    log('No consumer has run yet: there is nothing to sweep');
    return { done: [], missing };
  }
  const swept = await waitForSweeps({ consumers, admin, commands, timeoutMs, log });
  return { ...swept, missing: [...missing, ...swept.missing] };
}

/** What was seen by an earlier attempt was there then, and has been in the stream since. */
function lowest(lsns: readonly bigint[]): bigint {
  const [least = 0n] = [...lsns].sort((a, b) => Number(a - b));
  return least;
}

async function restart({ client }: Pick<ResyncContext, 'client'>): Promise<void> {
  const status = await client.status(CONNECTOR);
  if (status === undefined || !isRunning(status)) return;
  await client.restart(CONNECTOR, { onlyFailed: false });
  await waitUntilRunning({ client, connector: CONNECTOR });
}
