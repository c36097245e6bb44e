import type { Lag, PartitionLagNumbers } from '@shelfcast/schemas/monitor/numbers';
import { groupBy } from '@shelfcast/service-kit/group-by';
import { lagOf } from '@shelfcast/service-kit/kafka/admin/admin';
import { firstRecord } from '@shelfcast/service-kit/kafka/log/first-record';
import type {
  GroupOffset,
  KafkaAdmin,
  LogReader,
  PartitionLag,
  Watermarks,
} from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { savedExpectations, saveExpectations } from './expectations.ts';
import { type Readers, readersOf } from './readers.ts';

export interface ConsumerGroupsOptions {
  readonly admin: KafkaAdmin;
  readonly reader: LogReader;
  readonly pool: Pool;
  /** Groups of consumers that report, by whose names they report. */
  readonly groups: readonly string[];
  /** Groups whose lag is watched besides. */
  readonly otherGroups: readonly string[];
  readonly nowMs: () => number;
  readonly log: Logger;
}

/** What Kafka knows of the consumers: what each reads, and how far it is. */
export interface ConsumerGroups {
  /** Services that read a topic, and so are expected to report on its events. */
  expectedOf(topic: string): ReadonlySet<string>;
  lag(): Lag;
  /** From now on nothing is expected of these groups, and their lag is not told. */
  leaveOut(groups: ReadonlySet<string>): void;
  /** Asks the brokers. What cannot be learnt now stays as it was. */
  refresh(): Promise<void>;
}

interface GroupProgress {
  readonly group: string;
  /** What it has committed. */
  readonly own: readonly GroupOffset[];
  readonly topics: readonly string[];
}

const NO_GROUPS: ReadonlySet<string> = new Set();

export function createConsumerGroups(options: ConsumerGroupsOptions): ConsumerGroups {
  const { admin, reader, pool, otherGroups, nowMs, log } = options;
  let { groups } = options;
  let expected: Readers | undefined;
  let saved = '';
  let lag: Lag = { atMs: 0, partitions: [] };
  /** When the record was written that a group has to handle next: asked for once, as it does not change. */
  let written = new Map<string, number>();

  /** @param next the offset that is to be handled next */
  async function secondsOf(
    { topic, partition, messages }: PartitionLag,
    next: bigint,
    asked: Map<string, number>,
  ): Promise<number> {
    if (messages === 0n) return 0;
    const place = `${topic}/${partition}/${next}`;
    let atMs = written.get(place) ?? asked.get(place);
    if (atMs === undefined) {
      try {
        const record = await firstRecord(reader, { topic, partition, offset: next });
        if (record === undefined) return 0; // nothing there that a reader is given
        atMs = record.timestampMs;
      } catch (error) {
        // It waits at least from now on: a number that is not known must not look like none.
        log.debug({ topic, partition, error }, 'the age of the lag is not known');
        atMs = nowMs();
      }
    }
    asked.set(place, atMs);
    return Math.max(0, nowMs() - atMs) / 1000;
  }

  /** Topics that a group reads, whether it has committed anything of them or not. */
  function topicsOf(group: string, own: readonly GroupOffset[], read: ReadonlySet<string>) {
    const known = [...(expected ?? [])].filter(([, services]) => services.has(group));
    return new Set([...own.map(({ topic }) => topic), ...read, ...known.map(([topic]) => topic)]);
  }

  async function askBrokers() {
    const existing = new Set(await admin.listTopics());
    const read = await admin.topicsReadBy(groups);
    const offsets: GroupProgress[] = [];
    for (const group of [...groups, ...otherGroups]) {
      const own = (await admin.groupOffsets(group)).filter(
        ({ topic, offset }) => offset !== null && existing.has(topic),
      );
      const topics = [...topicsOf(group, own, read.get(group) ?? new Set())];
      offsets.push({ group, own, topics: topics.filter((topic) => existing.has(topic)) });
    }
    const marks = new Map<string, Map<number, Watermarks>>();
    for (const topic of offsets.flatMap(({ topics }) => topics)) {
      if (!marks.has(topic)) marks.set(topic, await admin.watermarks(topic));
    }
    return { existing, read, offsets, marks };
  }

  return {
    expectedOf: (topic) => expected?.get(topic) ?? NO_GROUPS,
    lag: () => lag,
    leaveOut(leftOut) {
      groups = options.groups.filter((group) => !leftOut.has(group));
    },
    async refresh() {
      // A fresh process while a group does not run goes by what was known of it before.
      expected ??= await savedExpectations(pool);
      const { existing, read, offsets, marks } = await askBrokers();
      const partitions: PartitionLagNumbers[] = [];
      const nextWritten = new Map<string, number>();
      for (const { group, own, topics } of offsets) {
        const committed = groupBy(own, ({ topic }) => topic);
        for (const topic of topics) {
          // Of partitions that the group has committed nothing of as well.
          for (const [partition, ends] of marks.get(topic) ?? []) {
            const ofTopic = committed.get(topic) ?? [];
            const at = ofTopic.find((one) => one.partition === partition)?.offset ?? null;
            const lag = lagOf({ topic, partition }, at, ends);
            partitions.push({
              ...{ service: group, topic, partition, messages: Number(lag.messages) },
              seconds: await secondsOf(lag, ends.high - lag.messages, nextWritten),
            });
          }
        }
      }
      written = nextWritten;
      lag = { atMs: nowMs(), partitions };
      const next = readersOf(
        offsets
          .filter(({ group }) => groups.includes(group))
          .map(({ group, own }) => ({
            group,
            committed: own.map(({ topic }) => topic),
            read: read.get(group) ?? [],
          })),
        expected,
        existing,
      );
      if (next.size === 0) return; // brokers that have just started may know no topic yet
      const text = JSON.stringify([...next].map(([topic, services]) => [topic, [...services]]));
      expected = next;
      if (text === saved) return;
      await saveExpectations(pool, next, nowMs());
      saved = text;
    },
  };
}
