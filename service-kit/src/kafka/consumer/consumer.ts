import { type ClientContext, createAdmin, lagOf } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import { partitionKey } from '../partition-key.ts';
import type { ConsumerOptions, KafkaConsumer, PartitionLag, TopicPartition } from '../types.ts';
import { createPartitionStates } from './partition-state.ts';
import { type ConsumerSession, startConsumerSession } from './session.ts';
import { createStallWatchdog } from './stall-watchdog.ts';

const STOP_GRACE_MS = 5_000;
const DEFAULT_COMMIT_INTERVAL_MS = 500;
const DEFAULT_TOPIC_REFRESH_MS = 2_000;
const DEFAULT_STALL_TIMEOUT_MS = 30_000;
const DEFAULT_HANDLING_TIMEOUT_MS = 600_000;
const OBSERVATIONS_PER_STALL_TIMEOUT = 6;

/** See `Kafka.createConsumer`. */
export async function createConsumer(
  context: ClientContext,
  options: ConsumerOptions,
): Promise<KafkaConsumer> {
  const { log } = context;
  const { groupId } = options;
  const admin = createAdmin(context);
  const states = createPartitionStates();
  const timers: NodeJS.Timeout[] = [];
  let session: ConsumerSession | undefined;
  let topics: readonly string[] = [];
  let missing: readonly string[] = [];
  let joins = 0;
  let learned = Promise.resolve();
  let refreshing: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;

  function fail(error: KafkaError): void {
    if (stopped === undefined) options.onFatal(error);
  }

  /** Topics to read that exist. kafkajs cannot subscribe to others, nor live with deleted ones. */
  async function wantedTopics(): Promise<string[]> {
    const { topics: wanted } = options;
    const existing = await admin.listTopics();
    const matches = (name: string): boolean =>
      wanted instanceof RegExp ? name.search(wanted) >= 0 : wanted.includes(name);
    missing = wanted instanceof RegExp ? [] : wanted.filter((name) => !existing.includes(name));
    return existing.filter(matches).sort();
  }

  async function followTopics(): Promise<void> {
    const wanted = await wantedTopics();
    // A broker that dies at the wrong moment is final for kafkajs; a new session finds the others.
    const endedBy = session?.endedBy();
    if (stopped !== undefined || (sameItems(wanted, topics) && endedBy === undefined)) return;
    if (endedBy === undefined) {
      log.info({ groupId, from: topics, to: wanted }, 'topics to consume changed');
    } else log.warn({ groupId, error: endedBy }, 'joining the group again');
    topics = [];
    await session?.stop(STOP_GRACE_MS);
    session = undefined;
    states.assign([]);
    if (wanted.length === 0) return;
    learnPositionsOf(wanted);
    session = await startConsumerSession({
      context,
      consumer: options,
      topics: wanted,
      states,
      onOutOfRange: (place) => void reportReset(place),
      onJoin: () => {
        joins += 1;
        learnPositionsOf(wanted);
      },
    });
    topics = wanted;
  }

  /** Where the group stands, for partitions that this member has not handled anything of yet. Reading does not wait for it. */
  function learnPositionsOf(wanted: readonly string[]): void {
    const learn = async (): Promise<void> => {
      for (const { topic, partition, offset } of await admin.groupOffsets(groupId, wanted)) {
        states.of({ topic, partition }).position ??= offset;
      }
    };
    learned = learn().catch((error: unknown) =>
      log.debug({ error }, 'committed offsets not known yet'),
    );
  }

  async function reportReset(place: TopicPartition): Promise<void> {
    await learned;
    const state = states.of(place);
    const from = state.position;
    let to: bigint | null = null;
    try {
      to = (await admin.watermarks(place.topic)).get(place.partition)?.low ?? null;
    } catch (error) {
      log.debug({ error }, 'oldest offset not known');
    }
    state.position = to;
    if (options.onOffsetReset === undefined) {
      log.error(
        { ...place, from: String(from), to: String(to) },
        'the offset to be read is gone: records were lost; reading on at the oldest',
      );
    } else options.onOffsetReset({ ...place, from, to });
  }

  async function lag(): Promise<PartitionLag[]> {
    const lags: PartitionLag[] = [];
    const assigned = states.assignment();
    for (const topic of new Set(assigned.map((place) => place.topic))) {
      const marks = await admin.watermarks(topic);
      for (const place of assigned.filter((candidate) => candidate.topic === topic)) {
        const ends = marks.get(place.partition);
        if (ends !== undefined) lags.push(lagOf(place, states.of(place).position, ends));
      }
    }
    return lags;
  }

  const stallTimeoutMs = options.stallTimeoutMs ?? DEFAULT_STALL_TIMEOUT_MS;
  const stalls = createStallWatchdog(stallTimeoutMs);
  const hangs = createStallWatchdog(options.handlingTimeoutMs ?? DEFAULT_HANDLING_TIMEOUT_MS);

  async function watch(): Promise<void> {
    const running = session;
    if (running === undefined) return;
    const hanging = hangs.observe(
      performance.now(),
      states.assignment().map((place) => {
        const { busy, progress } = running.activity(place);
        return { name: partitionKey(place), behind: busy, progress };
      }),
    );
    if (hanging.length > 0) fail(stalled(`a batch of ${hanging.join(', ')} does not end`));
    try {
      const lags = await lag();
      const stuck = stalls.observe(performance.now(), [
        { name: 'joining the group', behind: !running.isJoined(), progress: joins },
        ...lags.map((entry) => {
          const { busy, progress } = running.activity(entry);
          const behind = entry.messages > 0n && !busy && !states.isPausedByRequest(entry);
          return { name: partitionKey(entry), behind, progress };
        }),
      ]);
      if (stuck.length > 0) {
        fail(
          stalled(`no progress for ${stallTimeoutMs} ms: ${stuck.join(', ')}`, running.endedBy()),
        );
      }
    } catch (error) {
      log.debug({ error }, 'lag not known');
      stalls.reset();
    }
  }

  function stalled(what: string, cause?: Error): KafkaError {
    return new KafkaError(`the consumer of group ${groupId} is stuck: ${what}`, {
      code: 'STALLED',
      retriable: false,
      cause,
    });
  }

  function refresh(): void {
    refreshing ??= followTopics()
      .catch((error: unknown) => log.warn({ error, groupId }, 'topics not known, trying again'))
      .finally(() => {
        refreshing = undefined;
      });
  }

  async function stop(): Promise<void> {
    for (const timer of timers) clearInterval(timer);
    await refreshing;
    await session?.stop(STOP_GRACE_MS);
    await admin.close();
  }

  try {
    await followTopics();
  } catch (error) {
    await admin.close();
    throw error;
  }
  timers.push(
    setInterval(refresh, options.topicRefreshMs ?? DEFAULT_TOPIC_REFRESH_MS),
    setInterval(
      () => void session?.commit(),
      options.commitIntervalMs ?? DEFAULT_COMMIT_INTERVAL_MS,
    ),
    setInterval(() => void watch(), stallTimeoutMs / OBSERVATIONS_PER_STALL_TIMEOUT),
  );

  return {
    pause(partitions) {
      states.pauseByRequest(partitions);
      session?.applyPauses();
    },
    resume(partitions) {
      states.resumeByRequest(partitions);
      session?.applyPauses();
    },
    assignment: () => states.assignment(),
    isReady() {
      if (options.topics instanceof RegExp && topics.length === 0) return refreshing === undefined;
      const complete = options.topics instanceof RegExp || topics.length === options.topics.length;
      return complete && (session?.isJoined() ?? false);
    },
    isJoined: () => session?.isJoined() ?? (topics.length === 0 && refreshing === undefined),
    missingTopics: () => missing,
    lag,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
