import { type ConnectorContext, PUBLICATION } from '../context.ts';
import { followOffset, readStoredOffset } from '../stored-offset.ts';
import { formatTableName, type TableName } from '../table-name.ts';
import { notificationTopic, openNotifications } from './notifications.ts';
import type { ReadFailure, ReadOutcome } from './outcome.ts';
import { requestSnapshot, type SnapshotRequest } from './request.ts';
import { createStatusBoard } from './status-board.ts';

/** Within this time after it has passed the request, Debezium has said what became of it. */
const SILENCE_MS = 15_000;

export interface AskOptions {
  readonly tables: readonly TableName[];
  readonly timeoutMs: number;
  /** SQL condition on the rows to be read; without it all are. */
  readonly filter?: string;
  /** Told as soon as the request stands in the WAL. */
  readonly onRequested?: (request: SnapshotRequest) => Promise<void>;
}

/** `public.orders`, or `34 tables` */
export function describeTables(tables: readonly TableName[]): string {
  const [only, ...others] = tables;
  return only === undefined || others.length > 0
    ? `${tables.length} tables`
    : formatTableName(only);
}

/** One snapshot at a time: Debezium's notifications name the newest request only. */
export async function waitForOtherSnapshots(
  { client, log }: ConnectorContext,
  { tables, timeoutMs }: AskOptions,
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

export interface Answer {
  readonly request: SnapshotRequest;
  readonly outcomes: ReadonlyMap<TableName, ReadOutcome>;
}

const SILENT: ReadFailure = {
  isRead: false,
  status: 'SILENT',
  reason: 'Debezium has passed the request and said nothing of it',
};

/** Asks for a snapshot of tables and waits until Debezium has said what became of each. */
export async function askForSnapshot(
  context: ConnectorContext,
  { tables, timeoutMs, filter, onRequested }: AskOptions,
): Promise<Answer> {
  const { client, products, settings, log } = context;
  const notifications = await openNotifications({
    ...context,
    topic: notificationTopic(settings.topicPrefix),
  });
  const { refused, ...request } = await requestSnapshot(products, {
    tables,
    publication: PUBLICATION,
    filter,
  });
  await onRequested?.(request);
  const asked = tables.filter((table) => !refused.has(table));
  if (asked.length === 0) return { request, outcomes: refused };
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
  return { request, outcomes };
}
