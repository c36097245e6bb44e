import { setTimeout as delay } from 'node:timers/promises';
import { createGathering } from '../../postgres/gathering.ts';
import { type ClientContext, createAdmin } from '../admin/admin.ts';
import { KafkaError } from '../errors.ts';
import type { FetchedPartition, FollowOptions, LogFollower } from '../types.ts';
import { type BrokerLogReader, createLogReader } from './reader.ts';

/** Small, so that handling what was fetched does not hold up the process for long. */
const LIMITS = { maxWaitMs: 500, maxBytes: 1024 * 1024, maxPartitionBytes: 256 * 1024 };
/** Of a stream: a fetch costs the reader and the broker as much for one record as for a hundred. */
const LINGER_MS = 25;
const RETRY_PAUSE_MS = 200;

/** Partitions have other leaders than before, or there are more: start over, nothing has failed. */
class LeadersMoved extends Error {}

/** See `Kafka.followTopic`. */
export async function followTopic(
  context: ClientContext,
  options: FollowOptions,
): Promise<LogFollower> {
  const { topic } = options;
  const { log } = context;
  const reader = createLogReader(context);
  const admin = createAdmin(context);
  const stopping = new AbortController();
  const positions = new Map<number, bigint>();
  const gathering = createGathering(LINGER_MS);
  let connected = true;

  async function begin(): Promise<void> {
    for (const [partition, { high }] of await admin.watermarks(topic)) {
      positions.set(partition, high);
    }
    if (positions.size === 0) {
      throw new KafkaError(`there is no topic ${topic}`, {
        code: 'UNKNOWN_TOPIC',
        retriable: false,
        topic,
      });
    }
  }

  /** Partitions that were added are read from their beginning. */
  async function addPartitions(): Promise<void> {
    for (const partition of await reader.partitionsOf(topic)) {
      if (!positions.has(partition)) positions.set(partition, 0n);
    }
  }

  /** Where records are gone before they were read, goes on at the oldest there is. */
  async function skipWhatIsGone(): Promise<void> {
    for (const [partition, { low, high }] of await admin.watermarks(topic)) {
      const from = positions.get(partition) ?? low;
      if (from >= low && from <= high) continue;
      positions.set(partition, low);
      options.onGap({ topic, partition, from, to: low });
    }
  }

  /** Ends only by throwing: each broker has a loop of its own, so that none waits for another's records. */
  async function follow(): Promise<void> {
    await addPartitions();
    const leaders = await reader.leaders(topic, [...positions.keys()]);
    const round = new AbortController();
    // The first to fail ends the others, and only when none hands over records any more does the next round begin.
    const ends = await Promise.allSettled(
      [...leaders].map(([nodeId, partitions]) =>
        followBroker(nodeId, partitions, round.signal).finally(() => round.abort()),
      ),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  async function followBroker(
    nodeId: string,
    partitions: readonly number[],
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      const from = new Map(
        partitions.map((partition) => [partition, positions.get(partition) ?? 0n]),
      );
      const fetched = await reader.readFrom(nodeId, { topic, from, ...LIMITS });
      if (signal.aborted || stopping.signal.aborted) return;
      connected = true;
      if (fetched.length > 0) {
        await hand(fetched);
        const count = fetched.reduce((sum, { records }) => sum + records.length, 0);
        const lingerMs = gathering.after(count);
        if (lingerMs > 0) await delay(lingerMs, undefined, { signal }).catch(() => {});
      }
      if (signal.aborted || stopping.signal.aborted) return;
      if (await hasMoved(reader, topic, { nodeId, partitions, known: positions.size })) {
        throw new LeadersMoved();
      }
    }
  }

  async function hand(fetched: readonly FetchedPartition[]): Promise<void> {
    await options.onRecords(fetched);
    for (const { partition, nextOffset } of fetched) positions.set(partition, nextOffset);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await follow();
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (error instanceof LeadersMoved) continue;
        connected = false;
        if (error instanceof KafkaError && error.code === 'OFFSET_OUT_OF_RANGE') {
          await skipWhatIsGone().catch((cause: unknown) =>
            log.debug({ error: cause }, 'not known'),
          );
          continue;
        }
        log.debug({ error, topic }, 'following stopped, trying again');
        await delay(RETRY_PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  try {
    await begin();
  } catch (error) {
    reader.close();
    await admin.close();
    throw error;
  }
  options.onStart(new Map(positions));
  const running = run();
  return {
    isConnected: () => connected,
    async stop() {
      stopping.abort();
      reader.close();
      await admin.close();
      await running;
    },
  };
}

async function hasMoved(
  reader: BrokerLogReader,
  topic: string,
  { nodeId, partitions, known }: { nodeId: string; partitions: readonly number[]; known: number },
): Promise<boolean> {
  const mine = (await reader.leaders(topic, partitions)).get(nodeId) ?? [];
  return mine.length < partitions.length || (await reader.partitionsOf(topic)).length !== known;
}
