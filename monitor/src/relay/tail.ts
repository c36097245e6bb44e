import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '@shelfcast/schemas/codec';
import type { FetchedPartition, FollowOptions, Kafka } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { decodeReports } from '../reports/decode-reports.ts';
import { toEntry } from './live-event.ts';
import { createRecent, type Entry, type Recent } from './recent.ts';

export interface TailOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly topic: string;
  /** Reports kept. */
  readonly capacity: number;
  /** What came next; `recent` has it already. */
  readonly onEntries: (entries: readonly Entry[]) => void;
  readonly onGap: FollowOptions['onGap'];
  readonly log: Logger;
}

export interface Tail {
  readonly recent: Recent;
  isConnected(): boolean;
  stop(): Promise<void>;
}

const RETRY_MS = 500;

/** Reads the end of `monitoring` as it grows. */
export async function startTail(options: TailOptions): Promise<Tail> {
  const { kafka, codec, topic, capacity, onEntries, log } = options;
  const stopping = new AbortController();
  let recent = createRecent(new Map(), capacity);

  /** Without the registry nothing can be read: everybody waits. */
  async function decode(fetched: readonly FetchedPartition[]): Promise<readonly Entry[]> {
    const records = fetched.flatMap((part) => part.records);
    while (!stopping.signal.aborted) {
      try {
        return (await decodeReports(codec, records, toEntry)).reports;
      } catch (error) {
        log.warn({ error }, 'reports cannot be read, trying again');
        await delay(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
    return [];
  }

  const follower = await kafka.followTopic({
    topic,
    onStart: (positions) => {
      recent = createRecent(positions, capacity);
    },
    onRecords: async (fetched) => {
      const entries = await decode(fetched);
      recent.push(
        entries,
        new Map(fetched.map(({ partition, nextOffset }) => [partition, nextOffset])),
      );
      onEntries(entries);
    },
    onGap: (gap) => {
      log.error(
        { partition: gap.partition, from: String(gap.from), to: String(gap.to) },
        'reports were gone before they were relayed',
      );
      recent.jump(gap.partition, gap.to);
      options.onGap(gap);
    },
  });

  return {
    get recent() {
      return recent;
    },
    isConnected: () => follower.isConnected(),
    async stop() {
      stopping.abort();
      await follower.stop();
    },
  };
}
