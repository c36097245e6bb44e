import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/** How fast records came: the first batch starts the clock and does not count. */
export interface ReadRate {
  readonly records: number;
  readonly perSecond: number;
}

/** Reads what was added to a topic since it was last asked; the first time, everything. */
export interface TopicReader {
  readNew(onRecords: (records: readonly KafkaRecord[]) => void | Promise<void>): Promise<ReadRate>;
}

const READ_TIMEOUT_MS = 180_000;

/** @param purpose readers of different purposes do not know of what the other has read */
export function createTopicReader(kafka: Kafka, topic: string, purpose = 'trail'): TopicReader {
  return {
    async readNew(onRecords) {
      const admin = kafka.createAdmin();
      const ends = await admin.highWatermarks(topic);
      const groupId = `shelfcast-bench-${topic}-${purpose}`;
      const next = new Map<number, bigint>();
      for (const { partition, offset } of await admin.groupOffsets(groupId, [topic])) {
        if (offset !== null) next.set(partition, offset);
      }
      const isDone = () =>
        [...ends].every(([partition, end]) => (next.get(partition) ?? 0n) >= end);
      let records = 0;
      let uncounted = 0;
      let firstAt = 0;
      let lastAt = 0;
      if (isDone()) {
        await admin.close();
        return { records: 0, perSecond: 0 };
      }
      const failure = new AbortController();
      const consumer = await kafka.createConsumer({
        groupId,
        topics: [topic],
        onFatal: (error) => failure.abort(error),
        onBatch: async (batch) => {
          lastAt = performance.now();
          if (firstAt === 0) {
            firstAt = lastAt;
            uncounted = batch.records.length;
          }
          records += batch.records.length;
          await onRecords(batch.records);
          lastAt = performance.now();
          next.set(batch.partition, (batch.records.at(-1)?.offset ?? 0n) + 1n);
        },
      });
      try {
        await eventually(
          () => {
            failure.signal.throwIfAborted();
            return isDone();
          },
          { what: `the end of ${topic}`, timeoutMs: READ_TIMEOUT_MS, intervalMs: 20 },
        );
      } finally {
        await consumer.stop();
        await admin.close();
      }
      const seconds = (lastAt - firstAt) / 1000;
      return { records, perSecond: seconds > 0 ? (records - uncounted) / seconds : 0 };
    },
  };
}
