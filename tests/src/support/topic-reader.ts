import { randomUUID } from 'node:crypto';
import type { Change } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { changeFromEnvelope } from '@shelfcast/schemas/debezium';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/** Every record that the topics hold now, in the order of each partition. */
export async function readTopics(kafka: Kafka, topics: readonly string[]): Promise<KafkaRecord[]> {
  const records: KafkaRecord[] = [];
  await passTopics(kafka, topics, async (batch) => {
    for (const record of batch) records.push(record);
  });
  return records;
}

/** The keys that a topic shows as present: its last change of each is no delete. Holds no record. */
export async function keysShown(kafka: Kafka, codec: Codec, topic: string): Promise<Set<string>> {
  const keys = new Set<string>();
  await passTopics(kafka, [topic], async (batch) => {
    for (const record of batch) {
      const change = await toChange(codec, record);
      if (change?.key == null) continue;
      if (change.op === 'delete') keys.delete(change.key);
      else keys.add(change.key);
    }
  });
  return keys;
}

async function passTopics(
  kafka: Kafka,
  topics: readonly string[],
  onRecords: (records: readonly KafkaRecord[]) => Promise<void>,
): Promise<void> {
  const missing = await endsOf(kafka, topics);
  const consumer = await kafka.createConsumer({
    groupId: `test-reader-${randomUUID()}`,
    topics,
    onBatch: async ({ topic, partition, records: batch }) => {
      await onRecords(batch);
      const last = batch.at(-1);
      const end = missing.get(`${topic}/${partition}`);
      if (last !== undefined && end !== undefined && last.offset + 1n >= end) {
        missing.delete(`${topic}/${partition}`);
      }
    },
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    await eventually(() => missing.size === 0, {
      timeoutMs: 600_000,
      what: `all of ${topics.join(', ')}`,
    });
  } finally {
    await consumer.stop();
  }
}

/** The end of every partition that holds records, by `topic/partition`. */
async function endsOf(kafka: Kafka, topics: readonly string[]): Promise<Map<string, bigint>> {
  const admin = kafka.createAdmin();
  const ends = new Map<string, bigint>();
  try {
    for (const topic of topics) {
      for (const [partition, { low, high }] of await admin.watermarks(topic)) {
        if (high > low) ends.set(`${topic}/${partition}`, high);
      }
    }
  } finally {
    await admin.close();
  }
  return ends;
}

/** The change in a CDC record, as every process of INSTANCE_ID `local` sees it. */
export async function toChange(codec: Codec, record: KafkaRecord): Promise<Change | null> {
  const key = record.key === null ? null : (await codec.decode(record.key)).value;
  const value = record.value === null ? null : (await codec.decode(record.value)).value;
  return changeFromEnvelope({ ...record, instance: 'local', key, value });
}

export async function readChanges(
  kafka: Kafka,
  codec: Codec,
  topics: readonly string[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const record of await readTopics(kafka, topics)) {
    const change = await toChange(codec, record);
    if (change !== null) changes.push(change);
  }
  return changes;
}

export async function readReports(
  kafka: Kafka,
  codec: Codec,
  topic: string = MONITORING_EVENT.topic,
): Promise<MonitoringEvent[]> {
  const reports: MonitoringEvent[] = [];
  for (const { value } of await readTopics(kafka, [topic])) {
    if (value !== null) reports.push((await codec.decode(value, MONITORING_EVENT)).value);
  }
  return reports;
}
