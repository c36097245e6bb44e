import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Consumer, type EachBatchPayload, type PartitionAssigner } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import { settlesWithin } from '../../deadline.ts';
import { createGathering } from '../../postgres/gathering.ts';
import type { ClientContext } from '../admin/admin.ts';
import { createClient, RETRY } from '../client/client.ts';
import { isOfEarlierGeneration } from '../client/kafkajs/generations.ts';
import { partitionKey } from '../partition-key.ts';
import type { ConsumerOptions, TopicPartition } from '../types.ts';
import { type Membership, type MembershipEvent, nextMembership } from './membership.ts';
import { createPartitionQueue, type PartitionQueue } from './partition-queue.ts';
import type { PartitionStates } from './partition-state.ts';
import { toFetchedRecords } from './to-batch.ts';

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
  /** Why kafkajs will not start again by itself; such a session is to be replaced. */
  endedBy(): Error | undefined;
  /** Makes kafkajs fetch exactly what is not paused by request and has room, and goes on with what is no longer paused. */
  applyPauses(): void;
  /** What goes on with a partition's records. */
  activity(partition: TopicPartition): { readonly busy: boolean; readonly progress: number };
  commit(): Promise<void>;
  /** Takes no more batches; those in hand get `graceMs`, then their signal is aborted. */
  stop(graceMs: number): Promise<void>;
}

// Not among the names that Node finds in this CommonJS module.
const { roundRobin } = kafkajs.PartitionAssigners;
const HEARTBEAT_MS = 500;
const REBALANCE_TIMEOUT_MS = 30_000;
const METADATA_MAX_AGE_MS = 30_000;
/** Joining has a limit of its own; behind a broker that is silent for longer than a session lasts, the membership is lost. */
const REQUEST_TIMEOUT_MS = 10_000;
const DISCONNECT_TIMEOUT_MS = 5_000;
const COMMIT_TIMEOUT_MS = 2_000;
const ABORT_GRACE_MS = 1_000;
/** All partitions of one fetch together; a partition has its own, smaller limit. */
const MAX_FETCH_BYTES = 32 * 1024 * 1024;
const DEFAULT_PARTITION_BYTES = 1024 * 1024;
const DEFAULT_RETRY_DELAY_MS = { first: 100, longest: 5_000 };
/** How long the next fetch waits for a partition that has no room, before it goes without it; heartbeats wait as well. */
const PATIENCE_MS = 1_500;
/** kafkajs wakes every one of these for every fetch; they only hand records over. */
const HAND_OVER_CONCURRENCY = 16;
const OUT_OF_RANGE_TEXT = 'Offset out of range, resetting to default offset';

export async function startConsumerSession(
  options: ConsumerSessionOptions,
): Promise<ConsumerSession> {
  const { consumer: settings, states, context } = options;
  const { log } = context;
  const { maxPartitionBytes = DEFAULT_PARTITION_BYTES, fetchLingerMs = 0 } = settings;
  const gathering = createGathering(fetchLingerMs);
  const client = createClient({
    ...context,
    requestTimeoutMs: REQUEST_TIMEOUT_MS,
    // That records were lost to retention is told nowhere but in kafkajs' log.
    onLog: ({ log: { message, topic, partition } }) => {
      if (message.startsWith(OUT_OF_RANGE_TEXT) && typeof topic === 'string') {
        options.onOutOfRange({ topic, partition: Number(partition) });
      }
    },
  });
  /** kafkajs' default; here is where it gives away the cluster that the consumer will fetch from. */
  const assigner: PartitionAssigner = (config) => {
    if (config.cluster instanceof Cluster) context.shareFetches?.(config.cluster);
    return roundRobin(config);
  };
  const consumer = client.kafkajs.consumer({
    groupId: settings.groupId,
    sessionTimeout: settings.sessionTimeoutMs ?? 6_000,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    metadataMaxAge: METADATA_MAX_AGE_MS,
    allowAutoTopicCreation: false,
    minBytes: 1,
    maxWaitTimeInMs: settings.maxWaitMs ?? 500,
    maxBytesPerPartition: maxPartitionBytes,
    maxBytes: MAX_FETCH_BYTES,
    // A consumer has a limit of its own, five by default, and starts over when it is reached.
    retry: RETRY,
    partitionAssigners: [assigner],
  });
  const { GROUP_JOIN, REBALANCING, CRASH } = consumer.events;

  let membership: Membership = 'outside';
  const moved = (event: MembershipEvent) => {
    membership = nextMembership(membership, event);
  };
  let stopping = false;
  let endedBy: Error | undefined;
  let committing: Promise<void> | undefined;
  const queues = new Map<string, PartitionQueue>();
  /** Partitions that are not fetched because their queue has no room. */
  const full = new Set<string>();

  consumer.on(GROUP_JOIN, ({ payload }) => {
    moved('join');
    // kafkajs reads on at the committed offsets: what was fetched before comes again, here or elsewhere.
    abortAll(new Error('the partitions were assigned again'));
    states.assign(
      Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
        partitions.map((partition) => ({ topic, partition })),
      ),
    );
    applyPauses();
    options.onJoin();
  });
  consumer.on(REBALANCING, () => {
    moved('rebalance');
    // Sent before kafkajs asks to join again, so that the next owner starts where we ended.
    void commit();
  });
  consumer.on(CRASH, ({ payload }) => {
    moved(payload.restart ? 'crash, starts again' : 'crash');
    log.warn({ error: payload.error, restart: payload.restart }, 'consumer crashed');
    if (!payload.restart) endedBy = payload.error;
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
        stopping || states.isPausedByRequest(place) || full.has(partitionKey(place));
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
    for (const queue of queues.values()) queue.wake();
  }

  function queueOf(place: TopicPartition): PartitionQueue {
    const key = partitionKey(place);
    const known = queues.get(key);
    if (known !== undefined) return known;
    const queue = createPartitionQueue({
      handle: ({ records, highWatermark }, signal) =>
        settings.onBatch({ ...place, records, highWatermark, signal }),
      onHandled(nextOffset) {
        const state = states.of(place);
        state.position = nextOffset;
        state.uncommitted = nextOffset;
      },
      onFailure(failure) {
        if (settings.onError !== undefined) settings.onError({ ...place, ...failure });
        else {
          const fields = { ...place, ...failure, offset: String(failure.offset) };
          log.error(fields, 'a batch failed and will be tried again');
        }
      },
      retryDelayMs: settings.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS,
      isHeld: () => stopping || states.isPausedByRequest(place),
      maxWaitingBytes: maxPartitionBytes,
    });
    queues.set(key, queue);
    return queue;
  }

  /**
   * Hands a batch over to its queue. kafkajs fetches again only when this has ended for all batches of a fetch, so it
   * must not wait for the handling; and never throws: an error given to kafkajs stops every partition.
   */
  async function eachBatch({ batch, resolveOffset, isRunning, isStale }: EachBatchPayload) {
    const { topic, partition } = batch;
    const place = { topic, partition };
    const key = partitionKey(place);
    const last = batch.messages.at(-1);
    if (last === undefined || !isRunning() || isStale() || isOfEarlierGeneration(batch)) return;
    // Not resolved: it will be fetched again.
    if (stopping || states.isPausedByRequest(place) || full.has(key)) return;
    const queue = queueOf(place);
    queue.push(toFetchedRecords(batch));
    resolveOffset(last.offset);
    const room = queue.room();
    const lingerMs = gathering.after(batch.messages.length);
    if (lingerMs > 0 && isAtEnd(batch)) await delay(lingerMs);
    if (await settlesWithin(room, PATIENCE_MS)) return;
    full.add(key);
    applyPauses();
    void room.then(() => {
      full.delete(key);
      applyPauses();
    });
  }

  function inHand(): Promise<void>[] {
    return [...queues.values()].flatMap((queue) => queue.inHand() ?? []);
  }

  function abortAll(reason: Error): void {
    for (const queue of queues.values()) queue.abort(reason);
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
    for (const queue of queues.values()) queue.drop();
    applyPauses();
    if (!(await settlesWithin(Promise.all(inHand()), graceMs))) {
      abortAll(new Error('the consumer stops'));
      await settlesWithin(Promise.all(inHand()), ABORT_GRACE_MS);
    }
    await settlesWithin(commit(), COMMIT_TIMEOUT_MS);
    await settlesWithin(consumer.disconnect(), DISCONNECT_TIMEOUT_MS);
    client.fence();
    moved('leave');
  }

  try {
    await begin(consumer, options.topics, eachBatch);
  } catch (error) {
    await settlesWithin(consumer.disconnect(), DISCONNECT_TIMEOUT_MS);
    client.fence();
    throw error;
  }
  return {
    isJoined: () => membership === 'joined',
    endedBy: () => endedBy,
    applyPauses,
    activity(place) {
      const queue = queues.get(partitionKey(place));
      return { busy: queue?.inHand() !== undefined, progress: queue?.progress() ?? 0 };
    },
    commit,
    stop,
  };
}

async function begin(
  consumer: Consumer,
  topics: readonly string[],
  eachBatch: (payload: EachBatchPayload) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  // From the beginning where nothing was committed, and also where the offset is gone: kafkajs'
  // default would then skip to the end.
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: HAND_OVER_CONCURRENCY,
    eachBatch,
  });
}

/** Whether the partition had nothing more when it was fetched. */
function isAtEnd({ messages, highWatermark }: EachBatchPayload['batch']): boolean {
  const last = messages.at(-1);
  return last !== undefined && BigInt(last.offset) + 1n >= BigInt(highWatermark);
}
