import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@shelfcast/product-database/captured-tables';
import type { ConnectClient } from './connect-client.ts';
import { ConnectError, OperationError } from './connect-error.ts';
import { CONNECTOR } from './context.ts';
import { currentLsn } from './replication-slot.ts';
import { failureOf, haltOf, isRunning } from './wait-until.ts';

/** How far the connector is, as Kafka Connect has stored it: all before it is in Kafka. */
export interface StoredOffset {
  /** The end of the WAL that was read; undefined where the offset has none. */
  readonly lsn: bigint | undefined;
  /** Tables that an incremental snapshot has still to read, as Debezium writes them; undefined without one. */
  readonly incrementalSnapshot: string | undefined;
  /** Whether the initial snapshot is not over. */
  readonly inInitialSnapshot: boolean;
  /** All of it, for telling one from another. */
  readonly text: string;
}

const LSN_FIELDS = ['lsn', 'lsn_proc', 'lsn_commit'] as const;

/** Undefined when nothing is stored yet. */
export async function readStoredOffset(
  client: Pick<ConnectClient, 'offsets'>,
): Promise<StoredOffset | undefined> {
  // A connector has one source partition; one whose offset was deleted is still listed, with null.
  const stored = (await client.offsets(CONNECTOR)).find(({ offset }) => offset !== null)?.offset;
  return stored == null ? undefined : parseOffset(stored);
}

/** Reads the fields of Debezium 3.7's Postgres offsets. */
export function parseOffset(offset: Readonly<Record<string, unknown>>): StoredOffset {
  const lsns = LSN_FIELDS.flatMap((field) => {
    const value = offset[field];
    return typeof value === 'number' ? [BigInt(value)] : [];
  });
  const collections = offset.incremental_snapshot_collections;
  return {
    lsn: lsns.reduce<bigint | undefined>(
      (newest, lsn) => (newest === undefined || lsn > newest ? lsn : newest),
      undefined,
    ),
    incrementalSnapshot:
      typeof collections === 'string' && collections !== '' && collections !== '[]'
        ? collections
        : undefined,
    inInitialSnapshot: offset.snapshot != null,
    text: JSON.stringify(offset),
  };
}

export interface FollowOffsetOptions {
  readonly client: Pick<ConnectClient, 'offsets' | 'status'>;
  /** Whether what is waited for has come; asked about every 250 ms. */
  readonly until: (offset: StoredOffset | undefined) => Promise<boolean> | boolean;
  /** Tells whether something moved although the offset did not; the text changes then. */
  readonly progress?: () => string;
  readonly timeoutMs: number;
  /** How long the offset may stand still while all is RUNNING (default 90 s). */
  readonly stalledMs?: number;
  /** What is waited for, for messages: `the snapshot of public.orders`. */
  readonly what: string;
  readonly log?: ((message: string) => void) | undefined;
}

const POLL_MS = 250;
const STATUS_MS = 2_000;
const PROGRESS_MS = 10_000;
/** A connector that was halted by hand is waited for no longer than this. */
const HALTED_MS = 20_000;
/** Connect that was killed is back by then. */
const ABSENT_MS = 120_000;
/** A task that failed may just be restarted. */
const FAILED_MS = 3_000;
/** With heartbeats every 5 s the offset moves, unless nothing reaches Kafka. */
const STALLED_MS = 90_000;

/**
 * Waits for the stored offset, as long as there is hope.
 *
 * @throws OperationError `CONNECTOR_NOT_RUNNING`, `CONNECTOR_FAILED`, `CONNECTOR_STALLED`, `SNAPSHOT_TIMEOUT`
 */
export async function followOffset(options: FollowOffsetOptions): Promise<void> {
  const { client, until, progress = () => '', timeoutMs, what, log } = options;
  const startedAt = performance.now();
  const watch = createWatch(what, options.stalledMs ?? STALLED_MS);
  let toldAt = startedAt;
  let lookedAt = startedAt;
  for (;;) {
    const offset = await readStoredOffset(client).catch(unlessAbsent);
    if (offset !== 'absent') {
      if (await until(offset)) return;
      watch.moved(`${offset?.text} ${progress()}`, performance.now());
    }
    const now = performance.now();
    if (now - startedAt > timeoutMs) {
      throw new OperationError(
        'SNAPSHOT_TIMEOUT',
        `${what} was not finished after ${Math.round(timeoutMs / 1000)} s; it goes on by itself. The same command again waits for it and finishes the rest.`,
        { retriable: true },
      );
    }
    if (now - lookedAt >= STATUS_MS) {
      lookedAt = now;
      const status = offset === 'absent' ? undefined : await client.status(CONNECTOR);
      watch.look(status, now);
    }
    if (now - toldAt >= PROGRESS_MS) {
      toldAt = now;
      log?.(
        `Waiting for ${what} since ${Math.round((now - startedAt) / 1000)} s ${progress()}`.trimEnd(),
      );
    }
    await sleep(POLL_MS);
  }
}

/** A worker that was killed answers again when it is back. */
function unlessAbsent(error: unknown): 'absent' {
  if (error instanceof ConnectError && error.retriable) return 'absent';
  throw error;
}

/** Gives up on a connector that is halted, failed, absent or stuck for long enough. */
function createWatch(what: string, stalledMs: number) {
  let state = { text: '', since: performance.now() };
  let condition = { text: '', since: performance.now() };

  function lasts(text: string, now: number): number {
    if (condition.text !== text) condition = { text, since: now };
    return now - condition.since;
  }

  return {
    moved(text: string, now: number): void {
      if (state.text !== text) state = { text, since: now };
    },

    look(status: Awaited<ReturnType<ConnectClient['status']>>, now: number): void {
      const halt = status && haltOf(status);
      if (halt !== undefined) {
        if (lasts('halted', now) < HALTED_MS) return;
        throw new OperationError(
          'CONNECTOR_NOT_RUNNING',
          `${halt} ${what} goes on then; the same command again finishes the rest.`,
        );
      }
      const failure = status && failureOf(status);
      if (failure !== undefined) {
        if (lasts('failed', now) < FAILED_MS) return;
        throw new OperationError('CONNECTOR_FAILED', failure);
      }
      if (status === undefined || !isRunning(status)) {
        if (lasts('absent', now) < ABSENT_MS) return;
        throw new OperationError(
          'CONNECTOR_NOT_RUNNING',
          `No worker runs the connector, so ${what} does not go on: make connector-status.`,
        );
      }
      lasts('running', now);
      const quietMs = now - Math.max(state.since, condition.since);
      if (quietMs > stalledMs) {
        throw new OperationError(
          'CONNECTOR_STALLED',
          `The connector is RUNNING, but its stored offset has not moved for ${Math.round(quietMs / 1000)} s: ${what} does not go on. make connector-restart lets it begin again where it was.`,
          { retriable: true },
        );
      }
    },
  };
}

/**
 * Waits until all that was committed before the call is in Kafka.
 *
 * @throws OperationError as `followOffset`
 */
export async function passFence({
  client,
  products,
  timeoutMs = 600_000,
}: {
  readonly client: Pick<ConnectClient, 'offsets' | 'status'>;
  readonly products: Queryable;
  readonly timeoutMs?: number;
}): Promise<void> {
  const lsn = await currentLsn(products);
  await followOffset({
    client,
    timeoutMs,
    what: 'the stream up to now',
    until: (offset) => offset?.lsn !== undefined && offset.lsn >= lsn,
  });
}
