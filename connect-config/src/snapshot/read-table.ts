import { cdcTopic } from '@shelfcast/schemas/topics';
import { withConnectorLock } from '../connector-lock.ts';
import { type ConnectorContext, PUBLICATION } from '../context.ts';
import { refuseRowSecurity } from '../row-security.ts';
import { followOffset, readStoredOffset } from '../stored-offset.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { checkTable } from './check-table.ts';
import { notificationTopic, openNotifications } from './notifications.ts';
import { explainRead, isTransient, type ReadOutcome } from './outcome.ts';
import { noteRead } from './reads.ts';
import { requestSnapshot, type SnapshotRequest } from './request.ts';
import { createStatusBoard } from './status-board.ts';

/** A table that was read whole. */
export interface TableRead {
  readonly table: TableName;
  readonly request: SnapshotRequest;
  /** Rows that the snapshot read; a row may come twice where Connect was killed. */
  readonly rows: number;
  /** Keys of the source, each of which the topic shows. */
  readonly keys: number;
}

export interface ReadTableOptions {
  readonly table: TableName;
  /** Default an hour. */
  readonly timeoutMs?: number | undefined;
}

const ATTEMPTS = 3;
const DEFAULT_TIMEOUT_MS = 3_600_000;
/** Within this time after it has passed the request, Debezium has said what became of it. */
const SILENCE_MS = 15_000;

/**
 * Reads a captured table again while the stream goes on, and makes sure that all of it was read: Debezium says so, the
 * stored offset lies behind the snapshot, and each key of the source is in the topic. Safe to repeat and to interrupt.
 *
 * @throws OperationError that says why it was not read whole, and what to do
 */
export async function readTable(
  context: ConnectorContext,
  { table, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadTableOptions,
): Promise<TableRead> {
  return await withConnectorLock(context, `reading ${formatTableName(table)}`, (locked) =>
    readLocked(locked, { table, timeoutMs }),
  );
}

async function readLocked(
  context: ConnectorContext,
  { table, timeoutMs }: { readonly table: TableName; readonly timeoutMs: number },
): Promise<TableRead> {
  const { products, log } = context;
  const name = formatTableName(table);
  await refuseRowSecurity(products, table);
  await waitForOtherSnapshots(context, { name, timeoutMs });
  for (let attempt = 1; ; attempt += 1) {
    context.connectorLock?.assertHeld();
    const from = await context.admin.highWatermarks(topicOf(context, table));
    const request = await ask(context, table);
    await noteRead(products, { table, request, status: 'reading' });
    const outcome = await request.outcome({ timeoutMs });
    if (outcome.isRead) {
      const { reads, keys } = await checkTable(context, { table, from }).catch(failed);
      await noteRead(products, { table, request, status: 'read', rows: reads, keys });
      return { table, request, rows: reads, keys };
    }
    if (!isTransient(outcome) || attempt === ATTEMPTS) {
      await failed(await explainRead(products, { table, outcome }));
    }
    log(`${name} was not read (${outcome.reason}): asking again`);

    async function failed(error: unknown): Promise<never> {
      const reason = error instanceof Error ? error.message : String(error);
      await noteRead(products, { table, request, status: `failed: ${reason}` });
      throw error;
    }
  }
}

function topicOf({ settings }: ConnectorContext, table: TableName): string {
  return cdcTopic({ prefix: settings.topicPrefix, ...table });
}

/** One snapshot at a time: Debezium's notifications name the newest request only. */
async function waitForOtherSnapshots(
  { client, log }: ConnectorContext,
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
): Promise<void> {
  const offset = await readStoredOffset(client);
  if (offset?.incrementalSnapshot === undefined && offset?.inInitialSnapshot !== true) return;
  log(`A snapshot that was asked for earlier is running: ${name} is read after it`);
  await followOffset({
    client,
    timeoutMs,
    what: 'the earlier snapshot',
    log,
    until: (stored) =>
      stored !== undefined && stored.incrementalSnapshot === undefined && !stored.inInitialSnapshot,
  });
}

interface Asked extends SnapshotRequest {
  outcome(options: { readonly timeoutMs: number }): Promise<ReadOutcome>;
}

async function ask(context: ConnectorContext, table: TableName): Promise<Asked> {
  const { client, products, settings, log } = context;
  const name = formatTableName(table);
  const notifications = await openNotifications({
    ...context,
    topic: notificationTopic(settings.topicPrefix),
  });
  const request = await requestSnapshot(products, { table, publication: PUBLICATION });
  log(`Asked for a snapshot of ${name}`);
  const board = createStatusBoard({ table, signalId: request.signalId });
  return {
    ...request,
    async outcome({ timeoutMs }) {
      let passedAt: number | undefined;
      await followOffset({
        client,
        timeoutMs,
        what: `the snapshot of ${name}`,
        log,
        progress: board.progress,
        async until(offset) {
          for (const notification of await notifications.read()) board.take(notification);
          if (offset?.lsn === undefined || offset.lsn < request.requestedLsn) return false;
          if (offset.incrementalSnapshot !== undefined) return false;
          passedAt ??= performance.now();
          return board.outcome() !== undefined || performance.now() - passedAt > SILENCE_MS;
        },
      });
      return (
        board.outcome() ?? {
          isRead: false,
          status: 'SILENT',
          reason: 'Debezium has passed the request and said nothing of it',
        }
      );
    },
  };
}
