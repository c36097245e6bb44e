import type { Consumer, EachBatchPayload } from 'kafkajs';
import { settlesWithin } from '../deadline.ts';
import type { ClientContext } from './admin.ts';
import { protocolType } from './classify-error.ts';
import { createClient, RETRY } from './client.ts';
import { KafkaError } from './errors.ts';
import { partitionKey } from './partition-key.ts';
import type { PartitionStates } from './partition-state.ts';
import { toKafkaBatch } from './to-batch.ts';
import type { ConsumerOptions, TopicPartition } from './types.ts';

export interface ConsumerSessionOptions {
  readonly context: ClientContext;
  readonly consumer: ConsumerOptions;
  readonly topics: readonly string[];
  readonly states: PartitionStates;
  /** The offset to be read was gone; kafkajs goes on at the oldest. */
  readonly onOutOfRange: (partition: TopicPartition) => void;
  readonly onJoin: () => void;
}

/** One kafkajs consumer with a fixed list of topics, from joining the group to leaving it. */
export interface ConsumerSession {
  isJoined(): boolean;
  /** Makes kafkajs fetch exactly what is neither paused by request nor waiting for a retry. */
  applyPauses(): void;
  commit(): Promise<void>;
  /** Takes no more batches; those in hand get `graceMs`, then their signal is aborted. */
  stop(graceMs: number): Promise<void>;
}

const HEARTBEAT_MS = 500;
const REBALANCE_TIMEOUT_MS = 30_000;
const METADATA_MAX_AGE_MS = 30_000;
const DISCONNECT_TIMEOUT_MS = 5_000;
const COMMIT_TIMEOUT_MS = 2_000;
const ABORT_GRACE_MS = 1_000;
/** All partitions of one fetch together; a partition has its own, smaller limit. */
const MAX_FETCH_BYTES = 32 * 1024 * 1024;

/** Errors that mean that the group has given our partitions to others. */
const MEMBERSHIP_LOST = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);
const OUT_OF_RANGE_TEXT = 'Offset out of range, resetting to default offset';

export async function startConsumerSession(
  options: ConsumerSessionOptions,
): Promise<ConsumerSession> {
  const { consumer: settings, states, context } = options;
  const { log } = context;
  const client = createClient({
    ...context,
    // That records were lost to retention is told nowhere but in kafkajs' log.
    onLog: ({ log: { message, topic, partition } }) => {
      if (message.startsWith(OUT_OF_RANGE_TEXT) && typeof topic === 'string') {
        options.onOutOfRange({ topic, partition: Number(partition) });
      }
    },
  });
  const consumer = client.kafkajs.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs ?? 6_000,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    minBytes: 1,
    maxWaitTimeInMs: settings.maxWaitMs ?? 500,
    maxBytesPerPartition: settings.maxPartitionBytes ?? 1024 * 1024,
    maxBytes: MAX_FETCH_BYTES,
    // A consumer has a limit of its own, five by default, and starts over when it is reached.
    retry: RETRY,
  });
  const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events;

  /** Counts assignments: what was begun under an earlier one must not move offsets of this one. */
  let generation = 0;
  let joined = false;
  let stopping = false;
  let committing: Promise<void> | undefined;
  const aborts = new Set<AbortController>();

  consumer.on(GROUP_JOIN, ({ payload }) => {
    generation += 1;
    joined = true;
    states.assign(
      Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    );
    applyPauses();
    options.onJoin();
  });
  consumer.on(REBALANCING, () => {
    joined = false;
    // Sent before kafkajs asks to join again, so that the next owner starts where we ended.
    void commit();
  });
  consumer.on(CRASH, ({ payload }) => {
    joined = false;
    if (payload.restart || stopping) {
      log.warn({ error: payload.error }, 'consumer crashed and starts again');
    } else {
      settings.onFatal(
        new KafkaError(`the consumer of group ${settings.groupId} crashed`, {
          code: 'CRASHED',
          retriable: false,
          cause: payload.error,
        }),
      );
    }
  });

  function applyPauses(): void {
    const resting = new Set(
      consumer
        .paused()
        .flatMap(({ topic, partitions }) =>
          partitions.map((partition) => partitionKey({ topic, partition })),
        ),
    );
    for (const place of states.assignment()) {
      const { topic, partition } = place;
      const rests = resting.has(partitionKey(place));
      const shouldRest =
        stopping || states.isPausedByRequest(place) || states.of(place).retryTimer !== undefined;
      if (rests === shouldRest) continue;
      // Always by partition: pausing some after pausing all, kafkajs resumes the others.
      const target = [{ topic, partitions: [partition] }];
      try {
        if (shouldRest) consumer.pause(target);
        else consumer.resume(target);
      } catch (error) {
        // Between a crash and its restart there is nothing to pause; GROUP_JOIN brings us back here.
        log.debug({ error, topic, partition }, 'pause or resume not possible now');
      }
    }
  }

  async function eachBatch(payload: EachBatchPayload): Promise<void> {
    const { topic, partition } = payload.batch;
    const place = { topic, partition };
    const state = states.of(place);
    // Two assignments may overlap for a moment; a partition's batches still run one by one.
    while (state.inHand !== undefined) await state.inHand;
    if (stopping || !payload.isRunning() || payload.isStale()) return;
    if (states.isPausedByRequest(place) || state.retryTimer !== undefined) return;
    state.inHand = handle(payload, place, generation).finally(() => {
      state.inHand = undefined;
    });
    await state.inHand;
  }

  /** Never throws: an error given to kafkajs stops every partition. */
  async function handle(
    { batch, heartbeat, resolveOffset }: EachBatchPayload,
    place: TopicPartition,
    begunIn: number,
  ): Promise<void> {
    const state = states.of(place);
    const abort = new AbortController();
    aborts.add(abort);
    const beat = setInterval(() => {
      heartbeat().catch((error: unknown) => {
        if (MEMBERSHIP_LOST.has(protocolType(error) ?? '')) abort.abort(error);
      });
    }, HEARTBEAT_MS);
    const kafkaBatch = toKafkaBatch(batch, abort.signal);
    state.progress += 1;
    try {
      await settings.onBatch(kafkaBatch);
    } catch (error) {
      if (!stopping) retryLater(place, kafkaBatch.records[0]?.offset ?? 0n, error);
      return;
    } finally {
      clearInterval(beat);
      aborts.delete(abort);
      state.progress += 1;
    }
    state.failures = 0;
    // After a rebalance kafkajs has fetched the committed offset anew; the batch will come again.
    if (begunIn !== generation) return;
    const lastRecord = batch.messages.at(-1);
    if (lastRecord !== undefined) resolveOffset(lastRecord.offset);
    state.position = BigInt(batch.lastOffset()) + 1n;
    state.uncommitted = state.position;
  }

  /** kafkajs fetches an offset again that was not resolved; until then only this partition rests. */
  function retryLater(place: TopicPartition, offset: bigint, error: unknown): void {
    const state = states.of(place);
    state.failures += 1;
    const { first, longest } = settings.retryDelayMs ?? { first: 100, longest: 5_000 };
    const retryDelayMs = Math.min(first * 2 ** Math.min(state.failures - 1, 20), longest);
    state.retryTimer = setTimeout(() => {
      state.retryTimer = undefined;
      applyPauses();
    }, retryDelayMs);
    applyPauses();
    const failure = { ...place, offset, attempt: state.failures, retryDelayMs, error };
    if (settings.onError === undefined) {
      log.error({ ...failure, offset: String(offset) }, 'a batch failed and will be tried again');
    } else settings.onError(failure);
  }

  /** One commit at a time; what it does not take along goes with the next. */
  function commit(): Promise<void> {
    committing ??= commitHandled().finally(() => {
      committing = undefined;
    });
    return committing;
  }

  async function commitHandled(): Promise<void> {
    const offsets = states.uncommitted();
    if (offsets.length === 0) return;
    try {
      await settings.beforeCommit?.();
      await consumer.commitOffsets(
        offsets.map(({ topic, partition, offset }) => ({
          topic,
          partition,
          offset: String(offset),
        })),
      );
      states.committed(offsets);
    } catch (error) {
      // A commit only saves repetition; the next one will do.
      log.debug({ error }, 'offsets not committed');
    }
  }

  async function stop(graceMs: number): Promise<void> {
    stopping = true;
    states.clearTimers();
    applyPauses();
    if (!(await settlesWithin(Promise.all(states.inHand()), graceMs))) {
      for (const abort of aborts) abort.abort(new Error('the consumer stops'));
      await settlesWithin(Promise.all(states.inHand()), ABORT_GRACE_MS);
    }
    await settlesWithin(commit(), COMMIT_TIMEOUT_MS);
    await settlesWithin(consumer.disconnect(), DISCONNECT_TIMEOUT_MS);
    client.fence();
    joined = false;
  }

  try {
    await begin(consumer, options, eachBatch);
  } catch (error) {
    await settlesWithin(consumer.disconnect(), DISCONNECT_TIMEOUT_MS);
    client.fence();
    throw error;
  }
  return { isJoined: () => joined, applyPauses, commit, stop };
}

async function begin(
  consumer: Consumer,
  { topics, consumer: settings }: ConsumerSessionOptions,
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  // From the beginning where nothing was committed, and also where the offset is gone: kafkajs'
  // default would then skip to the end.
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: settings.partitionsConsumedConcurrently ?? 32,
    eachBatch,
  });
}
