import { setTimeout as delay } from 'node:timers/promises';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { changeFromRecord } from '@shelfcast/schemas/record-change';
import { deadLetterTopic } from '@shelfcast/schemas/topics';
import { withoutMaskedValues } from '@shelfcast/service-kit/config/masked-fields';
import { inTransaction, TransactionTimeout } from '@shelfcast/service-kit/postgres/pool';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool, PoolClient } from 'pg';
import { applyJudged } from '../apply/transaction.ts';
import type { ConsumerDefinition } from '../contract/definition.ts';
import { isOutage, ProcessDied } from '../contract/errors.ts';
import type { DecodeOptions } from '../intake/decode.ts';
import type { Delivery, Unreadable } from '../intake/delivery.ts';
import { type OutgoingMessage, writeOutbox } from '../outbox/outbox.ts';
import { edited } from '../parking/edit.ts';
import { deadLetterHeaders } from '../parking/headers.ts';
import { afterFailure, retryDelayMs } from '../parking/schedule.ts';
import {
  dueKeys,
  failureOf,
  type KeyRef,
  type LockedKey,
  lockParkedKey,
  MAX_UNFINISHED,
  noteFailure,
  oldestParked,
  type ParkedChange,
  releaseKey,
  returnKey,
  settleParked,
  takeDueKey,
} from '../parking/store.ts';
import { guardKey } from '../positions/classify.ts';
import { NOWHERE, precedence } from '../positions/precedence.ts';
import { type Reporter, reportMessage, reportStep } from '../reports/reports.ts';

export interface RetrierOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  readonly pool: Pool;
  readonly decoding: DecodeOptions;
  readonly reporter: Reporter;
  /** `await codec.encoder(MONITORING_EVENT)` */
  readonly encodeReport: (event: MonitoringEvent) => Buffer;
  readonly attemptTimeoutMs: number;
  readonly nowMs: () => number;
  /** Neither reports nor copies of dead letters. */
  readonly shadow: boolean;
  readonly log: Logger;
  readonly onFailure: (state: 'retrying' | 'dead') => void;
  /** Whether the consumer is paused. */
  readonly isPaused: () => boolean;
}

const POLL_MS = 500;
const KEYS_PER_ROUND = 50;
/** Changes of one key in one transaction. */
const CHANGES_PER_KEY = 200;
const OUTAGE_PAUSE_MS = 2_000;
/** From taking a key to its attempt's lock, which then keeps others away: on two connections, the second of which may be new. */
const LEASE_MS = 10_000;

/*
 * One key, one attempt (states of `runtime.parked_keys` in ../README.md):
 *
 *   due ── taken, for 10 s (`takeDueKey`) ──► locked (`lockParkedKey`) ──► its changes in order, each in a savepoint
 *    ▲                                                                        │
 *    ├── an outage: returned, due at once ◄───────────────────────────────────┤
 *    ├── 200 took effect: more waits, due at once ◄───────────────────────────┤
 *    ├── a change fails: those before it stay, `afterFailure` ◄───────────────┤──► dead: a letter in the outbox
 *    └── the attempt hangs: failed from outside, once its lock is free ◄──────┤
 *                                                        all took effect ─────┴──► the key is released
 *   The process ends: the lock goes with its session, the lease ends, `unfinished` counts it; the third time: dead.
 */

/**
 * Tries parked keys again when they are due, in any process that hosts the consumer. The changes of a key take effect in
 * order; what still fails after its last attempt goes to the dead letters and waits, with all that is behind it,
 * until a person redrives or discards it.
 */
export function startRetrier<Effect>(options: RetrierOptions<Effect>): { stop(): Promise<void> } {
  const { definition, pool, nowMs, log } = options;
  const stopping = new AbortController();

  async function round(): Promise<number> {
    if (options.isPaused()) return 0;
    const keys = await dueKeys(pool, definition.name, nowMs(), KEYS_PER_ROUND);
    for (const key of keys) {
      if (stopping.signal.aborted) break;
      await retryKey(options, key);
    }
    return keys.length;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      let pauseMs = POLL_MS;
      try {
        if ((await round()) === KEYS_PER_ROUND) pauseMs = 0;
      } catch (error) {
        log.warn({ error }, 'parked changes could not be tried again: waiting');
        pauseMs = OUTAGE_PAUSE_MS;
      }
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

async function retryKey<Effect>(options: RetrierOptions<Effect>, place: KeyRef): Promise<void> {
  const { definition, pool, attemptTimeoutMs, nowMs } = options;
  const consumer = definition.name;
  const untilMs = nowMs() + LEASE_MS;
  const unfinished = await takeDueKey(pool, consumer, place, { nowMs: nowMs(), untilMs });
  if (unfinished === undefined) return;
  if (unfinished >= MAX_UNFINISHED) {
    const message = `${unfinished} processes died while they handled it`;
    await failOldest(options, place, new ProcessDied(message));
    return;
  }
  try {
    await inTransaction(pool, (tx) => retryLocked(options, tx, place), {
      timeoutMs: attemptTimeoutMs,
    });
  } catch (error) {
    if (error instanceof TransactionTimeout) await failOldest(options, place, error);
    else {
      await returnKey(pool, consumer, place, nowMs());
      throw error;
    }
  }
}

/** Notes a failure of the key's oldest change from outside the transaction of its attempt. */
async function failOldest<Effect>(
  options: RetrierOptions<Effect>,
  place: KeyRef,
  error: Error,
): Promise<void> {
  const consumer = options.definition.name;
  await inTransaction(options.pool, async (tx) => {
    // What did not end in time may hold it until its session has ended.
    const key = await lockParkedKey(tx, consumer, place, { wait: true });
    const [oldest] = key === undefined ? [] : await oldestParked(tx, consumer, place, 1);
    if (key === undefined || oldest === undefined) return;
    const messages = await failed(options, tx, key, { parked: oldest, error, isFirst: true });
    await tell(options, tx, messages);
  });
}

/** Applies what the key has waiting, up to the first change that fails. */
async function retryLocked<Effect>(
  options: RetrierOptions<Effect>,
  tx: PoolClient,
  place: KeyRef,
): Promise<void> {
  const consumer = options.definition.name;
  const key = await lockParkedKey(tx, consumer, place);
  if (key === undefined || key.state !== 'retrying') return;
  const queue = await oldestParked(tx, consumer, place, CHANGES_PER_KEY);
  const messages: OutgoingMessage[] = [];
  const done: bigint[] = [];
  let reached: Reached = key;
  let failure: { parked: ParkedChange; error: unknown } | undefined;
  for (const parked of queue) {
    await tx.query('savepoint attempt');
    try {
      const result = await applyParked(options, tx, { ...key, ...reached }, parked);
      if (result !== null) {
        reached = result.reached;
        const attempt = done.length === 0 ? key.attempts + 1 : 1;
        const { stage, entry } = result;
        messages.push(report(options, entry, { stage, attempt, round: key.redrives }));
      }
    } catch (error) {
      if (isOutage(error)) throw error;
      await tx.query('rollback to savepoint attempt');
      failure = { parked, error };
      break;
    }
    await tx.query('release savepoint attempt');
    done.push(parked.id);
  }
  await settleParked(tx, consumer, place, done, reached);
  if (failure !== undefined) {
    messages.push(...(await failed(options, tx, key, { ...failure, isFirst: done.length === 0 })));
  } else if (queue.length < CHANGES_PER_KEY) await releaseKey(tx, consumer, place);
  else await returnKey(tx, consumer, place, options.nowMs());
  await tell(options, tx, messages);
}

/** What a key has seen. */
type Reached = Pick<LockedKey, 'position' | 'deleted'>;

/** What a parked record came to; null when it has no effect at all. */
async function applyParked<Effect>(
  { definition, decoding, nowMs }: RetrierOptions<Effect>,
  tx: PoolClient,
  { entity, key, position, deleted, floor }: LockedKey,
  parked: ParkedChange,
): Promise<{ entry: Delivery; stage: 'processed' | 'skipped'; reached: Reached } | null> {
  const decoded = await changeFromRecord(decoding, parked.record);
  if (decoded === null) return null;
  const change = edited(decoded, parked.edit);
  const entry = { record: parked.record, change };
  const isTruncate = change.key === null;
  if (!isTruncate && precedence(change.position, floor) === 'older') {
    return { entry, stage: 'skipped', reached: { position, deleted } };
  }
  // A guard below the floor was left only because the key is parked: it guards nothing any more.
  const owner = position > floor ? position : NOWHERE;
  const rank = isTruncate ? 'newer' : precedence(change.position, owner);
  if (rank === 'older') return { entry, stage: 'skipped', reached: { position, deleted } };
  const isNewer = rank === 'newer';
  const [outcome] = await applyJudged(
    definition,
    [
      {
        ...{ change, fresh: isNewer, contested: !isNewer },
        outcome: isNewer ? 'processed' : 'conflict',
      },
    ],
    new Map([[guardKey(entity, key), position]]),
    tx,
    { nowMs: nowMs(), codec: decoding.codec },
  );
  return {
    entry,
    stage: outcome === 'processed' ? 'processed' : 'skipped',
    reached:
      isNewer && !isTruncate
        ? { position: change.position, deleted: change.op === 'delete' }
        : { position, deleted },
  };
}

async function tell<Effect>(
  { definition, shadow }: RetrierOptions<Effect>,
  tx: PoolClient,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  if (!shadow) await writeOutbox(tx, definition.name, messages);
}

/** Notes a failure, and gives the messages that tell of it. */
async function failed<Effect>(
  options: RetrierOptions<Effect>,
  tx: PoolClient,
  key: LockedKey,
  { parked, error: cause, isFirst }: { parked: ParkedChange; error: unknown; isFirst: boolean },
): Promise<OutgoingMessage[]> {
  const { definition, nowMs, log } = options;
  const error = await tellable(options, parked, cause);
  const failure = failureOf(error);
  const { attempts, state } = afterFailure(key.attempts, {
    isFirst,
    isDeadly: cause instanceof ProcessDied,
  });
  const nextAttemptMs = nowMs() + retryDelayMs(attempts);
  await noteFailure(tx, definition.name, key, { state, attempts, nextAttemptMs, failure });
  options.onFailure(state);
  const { topic, partition, offset } = parked.record;
  log.warn({ ...key, topic, partition, offset: String(offset), attempts, state, error }, 'failed');
  const entry = { record: parked.record, entity: key.entity, key: key.key, error };
  const about = parked.changeId === null ? entry : { ...entry, changeId: parked.changeId };
  const messages = [
    report(options, about, {
      stage: 'failed',
      attempt: attempts,
      round: key.redrives,
      error: failure,
    }),
  ];
  if (state !== 'dead') return messages;
  return [
    ...messages,
    report(options, about, { stage: 'deadLettered', attempt: key.redrives + 1, error: failure }),
    {
      topic: deadLetterTopic(definition.name),
      key: parked.record.key,
      value: parked.record.value,
      headers: deadLetterHeaders(definition.name, parked.record, error, attempts),
    },
  ];
}

/** The error without the values of masked fields that it quotes of the change or its edit. */
async function tellable<Effect>(
  { definition: { maskedFields }, decoding }: RetrierOptions<Effect>,
  { record, edit }: ParkedChange,
  error: unknown,
): Promise<unknown> {
  if (maskedFields === undefined || maskedFields.size === 0) return error;
  const change = await changeFromRecord(decoding, record).catch(() => null);
  return withoutMaskedValues(error, [change?.before, change?.after, edit], maskedFields);
}

function report<Effect>(
  { reporter, encodeReport, nowMs }: RetrierOptions<Effect>,
  entry: Delivery | Unreadable,
  step: Omit<Parameters<typeof reportStep>[2], 'atMs'>,
): OutgoingMessage {
  return reportMessage(reportStep(reporter, entry, { ...step, atMs: nowMs() }), encodeReport);
}
