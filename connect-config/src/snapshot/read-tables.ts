import { cdcTopic } from '@shelfcast/schemas/topics';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { OperationError } from '../connect-error.ts';
import { withConnectorLock } from '../connector-lock.ts';
import type { ConnectorContext } from '../context.ts';
import { describeRowSecurity, findRowSecurity } from '../row-security.ts';
import type { TableFailure } from '../table-failure.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { askForSnapshot, describeTables, waitForOtherSnapshots } from './ask.ts';
import { checkTable } from './check-table.ts';
import { explainRead, isTransient } from './outcome.ts';
import { noteRead } from './reads.ts';
import type { SnapshotRequest } from './request.ts';

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

async function readLocked(
  context: ConnectorContext,
  { tables, timeoutMs }: { readonly tables: readonly TableName[]; readonly timeoutMs: number },
): Promise<TableReads> {
  const { products, admin, settings, log } = context;
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
    const topicOf = (table: TableName) => cdcTopic({ prefix: settings.topicPrefix, ...table });
    const from = new Map<TableName, ReadonlyMap<number, bigint>>();
    for (const table of waiting) from.set(table, await admin.highWatermarks(topicOf(table)));
    const { request, outcomes } = await askForSnapshot(context, {
      tables: waiting,
      timeoutMs,
      onRequested: async (sent) => {
        for (const table of waiting) {
          await noteRead(products, { table, request: sent, status: 'reading' });
        }
      },
    });
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
