import { Pool, type PoolClient, types } from 'pg';
import { within } from '../deadline.ts';
import type { Logger } from '../process/logging.ts';
import { CoalescingSocket } from './coalescing-socket.ts';
import { isConnectionError } from './errors.ts';

export interface PoolOptions {
  /** `postgres://user:password@host:port/database?sslmode=…` */
  readonly url: string;
  /** Most connections at a time. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** The server cancels a statement after this time (default 30,000 ms; 0 = never). */
  readonly statementTimeoutMs?: number;
  /** Waiting for a lock fails after this time (default: as the server is configured). */
  readonly lockTimeoutMs?: number;
  /**
   * The server ends a session that leaves a transaction open for this time without asking anything (default 12,000 ms):
   * a process that is frozen, or whose machine is gone, would keep its locks from those that take over.
   */
  readonly idleInTransactionTimeoutMs?: number;
  /** Waiting for a free or new connection fails after this time (default 5,000 ms). */
  readonly connectTimeoutMs?: number;
  /** Whether a statement is sent before the last one is answered (default); not with COPY or cursors. */
  readonly pipeline?: boolean;
  readonly log: Logger;
}

/** So that the locks of a machine that vanished without a word are free after some ten seconds, not two hours. */
export const NOTICE_A_DEAD_PEER =
  '-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3';

/**
 * A pool whose values are exact: int8 arrives as bigint, numeric as text with its scale, date and
 * timestamps as Postgres' own text (a Date would drop microseconds, and shift dates), json and jsonb
 * as text. int4, bool, bytea and arrays are as in node-postgres.
 */
export function createPool(options: PoolOptions): Pool {
  const { url, max, applicationName, log } = options;
  const pool = new Pool({
    connectionString: url,
    max,
    application_name: applicationName,
    statement_timeout: options.statementTimeoutMs ?? 30_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 12_000,
    options: NOTICE_A_DEAD_PEER,
    ...(options.lockTimeoutMs === undefined ? {} : { lock_timeout: options.lockTimeoutMs }),
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // An idle connection costs the server little; a cold one costs the next request its p99.
    idleTimeoutMillis: 0,
    types: { getTypeParser: exactTypeParser },
    pipeline: options.pipeline ?? true,
    stream: () => new CoalescingSocket(),
  });
  // The pool emits 'error' when an idle connection breaks (Postgres restarted); without a listener
  // that would end the process. The pool has already dropped the connection.
  pool.on('error', (error) => log.warn({ error }, 'idle database connection lost'));
  return pool;
}

const { builtins } = types;
const KEPT_AS_TEXT = new Set<number>([
  builtins.NUMERIC,
  builtins.DATE,
  builtins.TIME,
  builtins.TIMETZ,
  builtins.TIMESTAMP,
  builtins.TIMESTAMPTZ,
  builtins.INTERVAL,
  builtins.JSON,
  builtins.JSONB,
]);

function exactTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (format !== 'binary') {
    if (oid === builtins.INT8) return BigInt;
    if (KEPT_AS_TEXT.has(oid)) return (text) => text;
  }
  return types.getTypeParser(oid, format);
}

/** What was to be done in a transaction did not end in time. The transaction is rolled back. */
export class TransactionTimeout extends Error {
  override readonly name = 'TransactionTimeout';
  readonly code = 'TRANSACTION_TIMEOUT';
  readonly retriable = true;
}

/**
 * Runs `fn` between BEGIN and COMMIT and returns what it returned. If it throws, the transaction is
 * rolled back; a connection that broke is thrown away instead of going back to the pool.
 *
 * With `timeoutMs`, so is that of an `fn` which does not end in time: what it still does then fails.
 * @throws {TransactionTimeout} and all that `fn` and Postgres throw
 */
export async function inTransaction<T>(
  pool: Pool,
  fn: (client: PoolClient) => Promise<T>,
  { timeoutMs }: { readonly timeoutMs?: number } = {},
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A checked-out client reports a lost connection as an event as well as through its query.
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('begin');
    const result = await (timeoutMs === undefined
      ? fn(client)
      : within(fn(client), timeoutMs, () => new TransactionTimeout(`not done in ${timeoutMs} ms`)));
    await client.query('commit');
    return result;
  } catch (error) {
    if (isConnectionError(error) || error instanceof TransactionTimeout) broken = toError(error);
    // A rollback that fails leaves the connection in an unknown state: do not reuse it.
    else await client.query('rollback').catch((failure: unknown) => (broken = toError(failure)));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** Opens `count` connections, so that the first requests do not pay for it. */
export async function warmPool(pool: Pool, count: number): Promise<void> {
  const opening = await Promise.allSettled(Array.from({ length: count }, () => pool.connect()));
  const clients = opening.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  const asking = await Promise.allSettled(clients.map((client) => client.query('select 1')));
  for (const [index, client] of clients.entries()) {
    client.release(asking[index]?.status === 'rejected');
  }
  for (const one of [...opening, ...asking]) if (one.status === 'rejected') throw one.reason;
}

export function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
