import type { Pool, PoolClient, QueryConfig } from 'pg';
import { within } from '../deadline.ts';
import { isConnectionError } from './errors.ts';
import { TransactionTimeout, toError } from './pool.ts';

/** A transaction whose statements need not wait for one another's answers. */
export interface PipelinedTransaction {
  readonly client: PoolClient;
  /**
   * Resolves when the transaction is open. Statements may be sent before that; those that change something must have
   * `IN_TRANSACTION_SQL` as a condition, and their answers count only once this has resolved.
   */
  readonly begun: Promise<void>;
  /** Sends a statement whose answer matters only if it is an error: the transaction then fails with it. */
  write(query: QueryConfig): void;
}

/**
 * Whether the transaction was opened: should `begin` alone be cancelled, the statements sent with it would run, and
 * commit, one by one.
 */
export const IN_TRANSACTION_SQL = `current_setting('shelfcast.transaction', true) = 'open'`;

const BEGIN = `begin; set local shelfcast.transaction = 'open'`;

export interface PipelinedOptions {
  readonly timeoutMs: number;
  /** The server gives a statement up after this time, and with it the transaction (default: as the pool says). */
  readonly statementTimeoutMs?: number;
}

/*
 *   sent      begin · first statements │ … statements │ last writes · commit
 *   answered            begun ┘        │  awaited     │  writes, then COMMIT
 *
 * | what happens                       | the transaction                      | the connection       | thrown                |
 * | ---------------------------------- | ------------------------------------ | -------------------- | --------------------- |
 * | a statement fails                  | Postgres refuses all behind it       | rolled back, kept    | the first failure     |
 * | `begin` fails                      | IN_TRANSACTION_SQL keeps writes out  | rolled back, kept    | begin's failure       |
 * | `fn` throws                        | rolled back                          | kept                 | what it threw         |
 * | `fn` takes too long                | the server rolls back                | thrown away          | TransactionTimeout    |
 * | the connection breaks              | the server rolls back, or committed  | thrown away          | the connection error  |
 * | commit is answered with ROLLBACK   | rolled back                          | kept                 | the first failure     |
 */

/**
 * As `inTransaction`, in as few round trips as `fn` waits for: `begin` travels with its first statements, and `commit`
 * with its last. The pool's clients must pipeline (see `createPool`).
 * @throws {TransactionTimeout} when `fn` takes longer than `timeoutMs`; all that `fn` and Postgres throw
 */
export async function inPipelinedTransaction<T>(
  pool: Pool,
  fn: (tx: PipelinedTransaction) => Promise<T>,
  { timeoutMs, statementTimeoutMs }: PipelinedOptions,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  /** What a statement failed with first: those behind it only say that the transaction is aborted. */
  let cause: { readonly error: unknown } | undefined;
  const writes: Promise<unknown>[] = [];
  const onError = (error: Error): void => {
    broken = error;
  };
  const sent = (work: Promise<unknown>): Promise<void> => {
    const done = work.then(() => {});
    done.catch((error: unknown) => {
      cause ??= { error };
    });
    return done;
  };
  client.on('error', onError);
  try {
    const begun = sent(
      client.query(
        statementTimeoutMs === undefined
          ? BEGIN
          : `${BEGIN}; set local statement_timeout = ${statementTimeoutMs}`,
      ),
    );
    const tx: PipelinedTransaction = {
      client,
      begun,
      write(query) {
        writes.push(sent(client.query(query)));
      },
    };
    const work = async (): Promise<T> => {
      const result = await fn(tx);
      await begun;
      const committed = client.query('commit');
      committed.catch(() => {});
      await Promise.all(writes);
      // Postgres answers the commit of a failed transaction with a rollback, and no error.
      const { command } = await committed;
      if (command !== 'COMMIT') throw new Error(`commit was answered with ${command}`);
      return result;
    };
    return await within(
      work(),
      timeoutMs,
      () => new TransactionTimeout(`not done in ${timeoutMs} ms`),
    );
  } catch (thrown) {
    const error = thrown instanceof TransactionTimeout ? thrown : (cause?.error ?? thrown);
    if (isConnectionError(error) || error instanceof TransactionTimeout) broken = toError(error);
    else await client.query('rollback').catch((failure: unknown) => (broken = toError(failure)));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
