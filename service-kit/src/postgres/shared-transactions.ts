import type { Pool } from 'pg';
import { inPipelinedTransaction, type PipelinedTransaction } from './pipelined-transaction.ts';

/** A part of a transaction that others may have parts in too. */
export interface Part<T> {
  /** Parts of one transaction begin in the order of their names, so that all processes lock keys in one order. */
  readonly name: string;
  /** Rows it is about. */
  readonly size: number;
  /** For the part by itself. */
  readonly timeoutMs: number;
  /** May run more than once; what an earlier run did is rolled back then. */
  readonly run: (tx: PipelinedTransaction) => Promise<T>;
}

export interface SharedTransactions {
  /** As `inPipelinedTransaction` with the part's `run`; those asked for in answer to one event share one if they can. */
  transact<T>(part: Part<T>): Promise<T>;
}

export interface SharedTransactionsOptions {
  readonly pool: Pool;
  /** Of a shared one, before each part is run by itself. */
  readonly onFailure: (error: unknown) => void;
  /** Milliseconds of a steady clock. */
  readonly nowMs?: () => number;
}

interface Waiting extends Part<void> {
  /** Its transaction is committed. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** Larger ones are quicker side by side, on several connections. */
const MAX_SIZE = 50;
/** The most that another caller's part can delay this one. */
const TIMEOUT_MS = 1_000;
/** By the server, a little earlier: a connection that is given up keeps its locks until its statement ends. */
const STATEMENT_TIMEOUT_MS = 800;
const SLOW_MS = 100;
/** How long everybody goes alone after a transaction that was slow, or failed. */
const ALONE_AFTER_SLOW_MS = 10_000;
const ALONE_AFTER_FAILURE_MS = 60_000;

/*
 * | mode             | what is asked for together                         | goes on to                                   |
 * | ---------------- | -------------------------------------------------- | -------------------------------------------- |
 * | together         | several, of 50 rows at most: one transaction       | together · alone for 10 s where it took 100 ms |
 * | together         | that fails, or takes a second: each again by itself | alone for 60 s                              |
 * | together         | one, or more rows: each by itself                  | together                                     |
 * | alone            | each by itself                                     | together, when the time is over              |
 */

/**
 * Small transactions that are asked for together become one: one commit and two round trips for all of them. They share
 * nothing else. If it fails or takes long, each is run by itself, and so is everything for a while.
 */
export function createSharedTransactions({
  pool,
  onFailure,
  nowMs = () => performance.now(),
}: SharedTransactionsOptions): SharedTransactions {
  let gathered: Waiting[] = [];
  let aloneUntilMs = Number.NEGATIVE_INFINITY;

  async function alone(part: Waiting): Promise<void> {
    try {
      await inPipelinedTransaction(pool, part.run, { timeoutMs: part.timeoutMs });
      part.done();
    } catch (error) {
      part.failed(error);
    }
  }

  async function together(all: readonly Waiting[]): Promise<void> {
    const startedAtMs = nowMs();
    await inPipelinedTransaction(
      pool,
      async (tx) => {
        // All have ended before the rollback: what they sent behind it would take effect by itself.
        const ended = await Promise.allSettled(all.map((part) => part.run(tx)));
        for (const one of ended) if (one.status === 'rejected') throw one.reason;
      },
      { timeoutMs: TIMEOUT_MS, statementTimeoutMs: STATEMENT_TIMEOUT_MS },
    );
    for (const part of all) part.done();
    if (nowMs() - startedAtMs > SLOW_MS) aloneUntilMs = nowMs() + ALONE_AFTER_SLOW_MS;
  }

  async function start(): Promise<void> {
    await new Promise<void>((resolve) => process.nextTick(resolve));
    const all = gathered.sort((a, b) => (a.name < b.name ? -1 : 1));
    gathered = [];
    const size = all.reduce((sum, part) => sum + part.size, 0);
    if (all.length > 1 && size <= MAX_SIZE && nowMs() >= aloneUntilMs) {
      try {
        return await together(all);
      } catch (error) {
        onFailure(error);
        aloneUntilMs = nowMs() + ALONE_AFTER_FAILURE_MS;
      }
    }
    await Promise.all(all.map(alone));
  }

  return {
    transact<T>(part: Part<T>) {
      if (gathered.length === 0) void start();
      return new Promise<T>((resolve, failed) => {
        let done = (): void => {};
        async function run(tx: PipelinedTransaction): Promise<void> {
          const result = await part.run(tx);
          done = () => resolve(result);
        }
        gathered.push({ ...part, run, done: () => done(), failed });
      });
    },
  };
}
