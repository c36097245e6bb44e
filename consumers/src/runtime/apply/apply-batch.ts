import { withoutMaskedValues } from '@shelfcast/service-kit/config/masked-fields';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { isQueryCancelled } from '@shelfcast/service-kit/postgres/errors';
import {
  inPipelinedTransaction,
  type PipelinedTransaction,
} from '@shelfcast/service-kit/postgres/pipelined-transaction';
import { inTransaction, TransactionTimeout } from '@shelfcast/service-kit/postgres/pool';
import type { SharedTransactions } from '@shelfcast/service-kit/postgres/shared-transactions';
import type { Pool } from 'pg';
import type { ConsumerDefinition } from '../contract/definition.ts';
import { isOutage, TooManyFailures } from '../contract/errors.ts';
import { type Delivery, isUnreadable, type Unreadable } from '../intake/delivery.ts';
import type { Encoders } from '../outbox/outbox.ts';
import { firstRetryMs } from '../parking/schedule.ts';
import { failureOf, markDeadly, parkKey, type ToPark } from '../parking/store.ts';
import type { OpenFrom } from '../positions/claim.ts';
import type { Outcome } from '../positions/classify.ts';
import type { FailureBreaker } from './failure-breaker.ts';
import { isolate } from './isolate.ts';
import { applyOnce } from './transaction.ts';

/** What became of a delivery; the error where it was parked because of itself. */
export interface Applied {
  readonly outcome: Outcome;
  readonly error?: unknown;
}

export interface ApplyBatchOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  readonly pool: Pool;
  /** Where the consumers of one process share their transactions. */
  readonly transactions?: SharedTransactions | undefined;
  readonly codec: Encoders;
  readonly breaker: FailureBreaker;
  readonly nowMs: () => number;
  readonly openFrom: OpenFrom;
  /** After this, an attempt counts as failed. */
  readonly attemptTimeoutMs: number;
}

/** Failed keys of one batch after which the rest is not tried; the breaker decides what that means. */
const MAX_FAILURES_PER_BATCH = 20;

/**
 * Applies what was delivered, in order per key: in one transaction if that succeeds; otherwise what fails is found and
 * parked, and the rest takes effect.
 * @returns what became of each entry, in order
 * @throws when nothing is to be parked (see `isOutage`): giving the same entries again is harmless
 */
export async function applyBatch<Effect>(
  options: ApplyBatchOptions<Effect>,
  entries: readonly (Delivery | Unreadable)[],
): Promise<Applied[]> {
  const applied = new Map<Delivery | Unreadable, Applied>();
  for (const run of runs(entries)) {
    if ('record' in run) {
      await parkUnreadable(options, run);
      applied.set(run, { outcome: 'parked', error: run.error });
    } else await applyRun(options, run, applied);
  }
  return entries.map((entry) => applied.get(entry) ?? { outcome: 'processed' });
}

/** What is handled at a time: a record that cannot be read, or changes that one transaction can take (see `applyOnce`). */
function runs(entries: readonly (Delivery | Unreadable)[]): (Delivery[] | Unreadable)[] {
  const all: (Delivery[] | Unreadable)[] = [];
  let current: Delivery[] = [];
  for (const entry of entries) {
    if (isUnreadable(entry)) {
      current = [];
      all.push(entry);
      continue;
    }
    if (current.length === 0 || current[0]?.change.origin !== entry.change.origin) {
      current = [];
      all.push(current);
    }
    current.push(entry);
  }
  return all;
}

async function applyRun<Effect>(
  options: ApplyBatchOptions<Effect>,
  deliveries: readonly Delivery[],
  applied: Map<Delivery | Unreadable, Applied>,
): Promise<void> {
  const { definition, pool, transactions, codec, breaker, nowMs, openFrom } = options;
  const timeoutMs = options.attemptTimeoutMs;
  const applyIn = (some: readonly Delivery[]) => (tx: PipelinedTransaction) =>
    applyOnce(definition, some, tx, { nowMs: nowMs(), codec, openFrom });
  const attempt = (some: readonly Delivery[]): Promise<Outcome[]> =>
    inPipelinedTransaction(pool, applyIn(some), { timeoutMs });
  const attemptAll = (): Promise<Outcome[]> =>
    transactions === undefined
      ? attempt(deliveries)
      : transactions.transact({
          name: definition.name,
          size: deliveries.length,
          timeoutMs,
          run: applyIn(deliveries),
        });
  const note = (some: readonly Delivery[], outcomes: readonly Outcome[]): void => {
    for (const [index, delivery] of some.entries()) {
      applied.set(delivery, { outcome: outcomes[index] ?? 'processed' });
    }
  };
  try {
    note(deliveries, await attemptAll());
    breaker.succeeded(deliveries.length);
  } catch (error) {
    if (isOutage(error)) throw error;
    const found = await isolate(deliveries, error, {
      attempt,
      isOutage,
      isSlow: (cause) => cause instanceof TransactionTimeout || isQueryCancelled(cause),
      maxFailures: MAX_FAILURES_PER_BATCH,
    });
    const failures = found.failures.map(({ delivery, error: cause }) => {
      const { before, after } = delivery.change;
      return {
        delivery,
        error: withoutMaskedValues(cause, [before, after], definition.maskedFields),
      };
    });
    const example = failures[0]?.error ?? error;
    assertParkable(breaker, found.outcomes.size, failures.length, example);
    for (const { delivery, error: cause } of failures) {
      await park(options, toPark(delivery), cause);
      applied.set(delivery, { outcome: 'parked', error: cause });
    }
    for (const [delivery, outcome] of found.outcomes) applied.set(delivery, { outcome });
    if (found.behind.length > 0) note(found.behind, await attempt(found.behind));
    if (found.untried.length > 0) await applyRun(options, found.untried, applied);
  }
}

async function parkUnreadable<Effect>(
  options: ApplyBatchOptions<Effect>,
  { record, entity, key, error }: Unreadable,
): Promise<void> {
  assertParkable(options.breaker, 0, 1, error);
  await park(options, { record, entity, key, changeId: null }, error);
}

async function park<Effect>(
  { definition, pool, nowMs }: ApplyBatchOptions<Effect>,
  entry: ToPark,
  error: unknown,
): Promise<void> {
  const nextAttemptMs = nowMs() + firstRetryMs();
  await inTransaction(pool, (tx) =>
    parkKey(tx, definition.name, entry, failureOf(error), nextAttemptMs),
  );
}

/** Parks a change that ended its processes without another attempt; unreadable ones never come this far. */
export async function parkDeadly<Effect>(
  { definition, pool, nowMs }: ApplyBatchOptions<Effect>,
  delivery: Delivery,
  error: Error,
): Promise<Applied> {
  const entry = toPark(delivery);
  await inTransaction(pool, async (tx) => {
    await parkKey(tx, definition.name, entry, failureOf(error), nowMs());
    await markDeadly(tx, definition.name, entry);
  });
  return { outcome: 'parked', error };
}

function toPark({ record, change }: Delivery): ToPark {
  return {
    record,
    entity: change.entity,
    key: change.key ?? `truncate ${change.id}`,
    changeId: change.id,
  };
}

/** @throws {TooManyFailures} */
function assertParkable(
  breaker: FailureBreaker,
  succeeded: number,
  failedKeys: number,
  cause: unknown,
): void {
  if (breaker.allowsParking(succeeded, failedKeys)) return;
  throw new TooManyFailures(`${breaker.tripped()}; one of them: ${messageOf(cause)}`, { cause });
}
