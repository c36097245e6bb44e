import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { listCapturedTables, type Queryable } from '@shelfcast/product-database/captured-tables';
import type { ConnectClient } from './connect-client.ts';
import { OperationError } from './connect-error.ts';
import { CONNECTOR, type ConnectorContext } from './context.ts';
import { tablePattern } from './include-list.ts';
import { currentLsn } from './replication-slot.ts';
import { formatTableName, type TableName } from './table-name.ts';
import { haltOf, isRunning } from './wait-until.ts';

/**
 * Asks the running connector to read the tables again beside the stream of changes. The request is a
 * row of the signal table, so it stands in the WAL: a connector that is down acts on it later.
 */
export async function requestSnapshot(db: Queryable, tables: readonly TableName[]): Promise<void> {
  // Earlier requests have been read from the WAL; nobody reads the table itself.
  await db.query("delete from shelfcast.signal where type = 'execute-snapshot'");
  await db.query('insert into shelfcast.signal (id, type, data) values ($1, $2, $3)', [
    `snapshot-${randomUUID()}`,
    'execute-snapshot',
    JSON.stringify({ type: 'incremental', 'data-collections': tables.map(tablePattern) }),
  ]);
}

export interface WaitForSnapshotOptions {
  readonly client: Pick<ConnectClient, 'offsets' | 'status'>;
  /** End of the WAL after the request was committed. */
  readonly requestedLsn: bigint;
  readonly timeoutMs: number;
  readonly onProgress: (message: string) => void;
}

/**
 * Waits until the connector has passed the request and has no incremental snapshot left to read. Its
 * stored offset tells both; it is at most a heartbeat and a flush old.
 *
 * @throws OperationError `SNAPSHOT_TIMEOUT`, `CONNECTOR_NOT_RUNNING`
 */
export async function waitForSnapshot({
  client,
  requestedLsn,
  timeoutMs,
  onProgress,
}: WaitForSnapshotOptions): Promise<void> {
  const startedAt = performance.now();
  let reportedAt = startedAt;
  for (;;) {
    const [stored] = await client.offsets(CONNECTOR);
    if (stored?.offset != null && isPast(stored.offset, requestedLsn)) return;
    const now = performance.now();
    if (now - startedAt > timeoutMs) {
      throw new OperationError(
        'SNAPSHOT_TIMEOUT',
        `The snapshot was not finished after ${timeoutMs / 1000} s; it goes on by itself (make connector-status).`,
        { retriable: true },
      );
    }
    if (now - reportedAt > 5_000) {
      reportedAt = now;
      const status = await client.status(CONNECTOR);
      if (status === undefined || !isRunning(status)) {
        throw new OperationError(
          'CONNECTOR_NOT_RUNNING',
          'The connector is no longer running; the snapshot goes on when it is (make connector-status).',
        );
      }
      onProgress(`Still reading after ${Math.round((now - startedAt) / 1000)} s`);
    }
    await sleep(250);
  }
}

/** Reads a captured table again and waits for the end. The stream of changes goes on meanwhile. */
export async function snapshotTable(
  { client, products, log }: ConnectorContext,
  { table, timeoutMs = 3_600_000 }: { readonly table: TableName; readonly timeoutMs?: number },
): Promise<void> {
  const captured = await listCapturedTables(products);
  if (
    !captured.some(({ schema, table: name }) => schema === table.schema && name === table.table)
  ) {
    throw new OperationError(
      'TABLE_NOT_CAPTURED',
      `${formatTableName(table)} is not captured. Captured are ${captured.map(formatTableName).join(', ')}; make connector-add-table TABLE=${formatTableName(table)} adds it.`,
    );
  }
  const status = await client.status(CONNECTOR);
  const halt = status === undefined ? undefined : haltOf(status);
  if (halt !== undefined) throw new OperationError('CONNECTOR_NOT_RUNNING', halt);
  if (status === undefined || !isRunning(status)) {
    throw new OperationError(
      'CONNECTOR_NOT_RUNNING',
      'The connector is not running, so nothing would be read: make connector-register, or make connector-status for the reason.',
    );
  }
  await requestSnapshot(products, [table]);
  const requestedLsn = await currentLsn(products);
  log(`Asked for a snapshot of ${formatTableName(table)}`);
  await waitForSnapshot({ client, requestedLsn, timeoutMs, onProgress: log });
  log(`Read all of ${formatTableName(table)}`);
}

function isPast(offset: Readonly<Record<string, unknown>>, lsn: bigint): boolean {
  const stillReading = Object.entries(offset).some(
    ([name, value]) => name.startsWith('incremental_snapshot') && value != null && value !== '',
  );
  return !stillReading && typeof offset.lsn === 'number' && BigInt(offset.lsn) >= lsn;
}
