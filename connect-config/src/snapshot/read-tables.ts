import { cdcTopic } from '@shelfcast/schemas/topics';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { OperationError } from '../connect-error.ts';
import { withConnectorLock } from '../connector-lock.ts';
import { type ConnectorContext, PUBLICATION } from '../context.ts';
import { describeRowSecurity, findRowSecurity } from '../row-security.ts';
import { followOffset, readStoredOffset } from '../stored-offset.ts';
import type { TableFailure } from '../table-failure.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { checkTable } from './check-table.ts';
import { notificationTopic, openNotifications } from './notifications.ts';
import { explainRead, isTransient, type ReadFailure, type ReadOutcome } from './outcome.ts';
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

export interface TableReads {
  readonly read: readonly TableRead[];
  readonly unread: readonly TableFailure[];
}

export interface ReadTablesOptions {
  readonly tables: readonly TableName[];
  /** Default an hour. */
  readonly timeoutMs?: number | undefined;
}

const ATTEMPTS = 3;
const DEFAULT_TIMEOUT_MS = 3_600_000;
/** Within this time after it has passed the request, Debezium has said what became of it. */
const SILENCE_MS = 15_000;

/**
 * Reads captured tables again while the stream goes on, by one request, and makes sure that all of each was read: Debezium
 * says so, the stored offset lies behind the snapshot, and each key of the source is in the topic. A table that cannot be
 * read does not keep the others from it. Safe to repeat and to interrupt.
 */
export async function readTables(
  context: ConnectorContext,
  { tables, timeoutMs = DEFAULT_TIMEOUT_MS }: ReadTablesOptions,
): Promise<TableReads> {
  return await withConnectorLock(context, `reading ${describeTables(tables)}`, (locked) =>
    readLocked(locked, { tables, timeoutMs }),
  );
}

/** `public.orders`, or `34 tables` */
export function describeTables(tables: readonly TableName[]): string {
  const [only, ...others] = tables;
  return only === undefined || others.length > 0
    ? `${tables.length} tables`
    : formatTableName(only);
}

/**
 * Reads one captured table as `readTables` does.
 *
 * @throws OperationError that says why it was not read whole, and what to do
 */
export async function readTable(
  context: ConnectorContext,
  { table, timeoutMs }: { readonly table: TableName; readonly timeoutMs?: number | undefined },
): Promise<TableRead> {
  const { read, unread } = await readTables(context, { tables: [table], timeoutMs });
  const [done] = read;
  if (done === undefined) throw unread[0]?.error;
  return done;
}

interface LockedOptions {
  readonly tables: readonly TableName[];
  readonly timeoutMs: number;
}

async function readLocked(
  context: ConnectorContext,
  { tables, timeoutMs }: LockedOptions,
): Promise<TableReads> {
  const { products, log } = context;
  const read: TableRead[] = [];
  const unread: TableFailure[] = [];
  const hidden = new Map(
    (await findRowSecurity(products, tables)).map((one) => [formatTableName(one.table), one]),
  );
  let waiting: TableName[] = [];
  for (const table of tables) {
    const found = hidden.get(formatTableName(table));
    if (found === undefined) waiting.push(table);
    else {
      unread.push({ table, error: new OperationError('ROW_SECURITY', describeRowSecurity(found)) });
    }
  }
  if (waiting.length > 0) await waitForOtherSnapshots(context, { tables: waiting, timeoutMs });
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    context.connectorLock?.assertHeld();
    const { request, outcomes, from } = await ask(context, { tables: waiting, timeoutMs });
    const again: TableName[] = [];
    await eachAtOnce(outcomes, async ([table, outcome]) => {
      const name = formatTableName(table);
      if (!outcome.isRead && isTransient(outcome) && attempt < ATTEMPTS) {
        log(`${name} was not read (${outcome.reason}): asking again`);
        again.push(table);
        return;
      }
      try {
        if (!outcome.isRead) throw await explainRead(products, { table, outcome });
        const { reads, keys } = await checkTable(context, {
          table,
          from: from.get(table) ?? new Map(),
        });
        await noteRead(products, { table, request, status: 'read', rows: reads, keys });
        read.push({ table, request, rows: reads, keys });
        log(`Read all of ${name}: ${reads} rows, ${keys} keys checked`);
      } catch (error) {
        const reason = messageOf(error);
        await noteRead(products, { table, request, status: `failed: ${reason}` });
        if (!(error instanceof OperationError)) throw error;
        unread.push({ table, error });
      }
    });
    waiting = again;
  }
  return { read, unread };
}

/** Checks of keys wait for answers most of the time. */
const CHECKS_AT_ONCE = 3;

/** @throws the first error, once nothing is at work any more */
async function eachAtOnce<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const workers = Array.from({ length: CHECKS_AT_ONCE }, async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value);
  });
  const failed = (await Promise.allSettled(workers)).find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** One snapshot at a time: Debezium's notifications name the newest request only. */
async function waitForOtherSnapshots(
  { client, log }: ConnectorContext,
  { tables, timeoutMs }: LockedOptions,
): Promise<void> {
  const offset = await readStoredOffset(client);
  if (offset?.incrementalSnapshot === undefined && offset?.inInitialSnapshot !== true) return;
  const are = tables.length === 1 ? 'is' : 'are';
  log(
    `A snapshot that was asked for earlier is running: ${describeTables(tables)} ${are} read after it`,
  );
  await followOffset({
    client,
    timeoutMs,
    what: 'the earlier snapshot',
    log,
    until: (stored) =>
      stored !== undefined && stored.incrementalSnapshot === undefined && !stored.inInitialSnapshot,
  });
}

interface Answer {
  readonly request: SnapshotRequest;
  readonly outcomes: ReadonlyMap<TableName, ReadOutcome>;
  /** Ends of each topic before the request. */
  readonly from: ReadonlyMap<TableName, ReadonlyMap<number, bigint>>;
}

const SILENT: ReadFailure = {
  isRead: false,
  status: 'SILENT',
  reason: 'Debezium has passed the request and said nothing of it',
};

async function ask(
  context: ConnectorContext,
  { tables, timeoutMs }: LockedOptions,
): Promise<Answer> {
  const { admin, client, products, settings, log } = context;
  const from = new Map<TableName, ReadonlyMap<number, bigint>>();
  for (const table of tables) {
    const topic = cdcTopic({ prefix: settings.topicPrefix, ...table });
    from.set(table, await admin.highWatermarks(topic));
  }
  const notifications = await openNotifications({
    ...context,
    topic: notificationTopic(settings.topicPrefix),
  });
  const { refused, ...request } = await requestSnapshot(products, {
    tables,
    publication: PUBLICATION,
  });
  for (const table of tables) await noteRead(products, { table, request, status: 'reading' });
  const asked = tables.filter((table) => !refused.has(table));
  if (asked.length === 0) return { request, outcomes: refused, from };
  const what = describeTables(asked);
  log(`Asked for a snapshot of ${what}`);
  const board = createStatusBoard({
    tables: asked,
    signalId: request.signalId,
    onRead(table, nr) {
      if (asked.length > 1) log(`  ${nr} of ${asked.length}: ${formatTableName(table)}`);
    },
  });
  let passedAt: number | undefined;
  await followOffset({
    client,
    timeoutMs,
    what: `the snapshot of ${what}`,
    log,
    progress: board.progress,
    async until(offset) {
      for (const notification of await notifications.read()) board.take(notification);
      if (offset?.lsn === undefined || offset.lsn < request.requestedLsn) return false;
      if (offset.incrementalSnapshot !== undefined) return false;
      passedAt ??= performance.now();
      return board.isComplete() || performance.now() - passedAt > SILENCE_MS;
    },
  });
  const outcomes = new Map<TableName, ReadOutcome>(refused);
  for (const table of asked) outcomes.set(table, board.outcome(table) ?? SILENT);
  return { request, outcomes, from };
}
