import { randomBytes } from 'node:crypto';
import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import type { RunningConsumer } from '@shelfcast/consumers/internals/runtime/consume';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type {
  Kafka,
  KafkaAdmin,
  KafkaRecord,
  SentRecord,
} from '@shelfcast/service-kit/kafka/types';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import * as assert from 'uvu/assert';
import { consumeInGroup } from './consume-in-group.ts';
import { createTestDatabase } from './database.ts';
import { fromEnvironment } from './environment.ts';
import { withKafkajsAdmin } from './kafkajs-admin.ts';
import { codecAt, kafkaAt, makeTopics } from './pipeline-kafka.ts';
import { readReports } from './topic-reader.ts';

/** The catalogue consumer on topics, a group, a database and a monitoring topic of its own. */
export interface CatalogueHarness {
  readonly kafka: Kafka;
  readonly pool: Pool;
  /** What `pis.public.products` is to the pipeline. */
  readonly products: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Writes a record as it was captured: same key, value, headers and partition. */
  replay(record: Pick<KafkaRecord, 'partition' | 'key' | 'value' | 'headers'>): Promise<SentRecord>;
  /** Waits until the group has handled a partition up to its end, or up to an offset. */
  handled(partition: number, nextOffset?: bigint): Promise<void>;
  /** Deletes the stopped group with its offsets: it will start at the beginning. */
  forgetOffsets(): Promise<void>;
  /** Drops the records of a partition that come before an offset. */
  deleteBefore(partition: number, offset: bigint): Promise<void>;
  reports(): Promise<MonitoringEvent[]>;
  close(): Promise<void>;
}

export async function openCatalogueHarness(): Promise<CatalogueHarness> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const servers = fromEnvironment('KAFKA_BOOTSTRAP_SERVERS');
  const kafka = kafkaAt(servers);
  const admin = kafka.createAdmin();
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [catalogue]);
  const pool = createPool({
    url: database.url,
    max: 4,
    applicationName: name,
    log: silentLogger(),
  });
  const products = cdcTopic({ prefix: name, schema: 'public', table: 'products' });
  const monitoring = `${name}.monitoring`;
  const topics = [
    ...['products', 'product_discounts', 'countries'].map((table) =>
      cdcTopic({ prefix: name, schema: 'public', table }),
    ),
    monitoring,
  ];
  await makeTopics(admin, topics);
  const producer = await kafka.createProducer();
  const encodeReport = await codec.encoder(MONITORING_EVENT);
  const publisher = createMonitoringPublisher({
    producer,
    encode: encodeReport,
    topic: monitoring,
  });
  let running: RunningConsumer | undefined;

  async function stop(): Promise<void> {
    await running?.stop();
    running = undefined;
  }

  return {
    kafka,
    pool,
    products,
    stop,
    async start() {
      const consumer = await consumeInGroup(name, {
        definition: catalogue,
        kafka,
        pool,
        codec,
        publisher,
        encodeReport,
        topicPrefix: name,
      });
      running = consumer;
      await eventually(() => consumer.notReady() === undefined, {
        timeoutMs: 60_000,
        what: 'the consumer has joined its group',
      });
    },
    async replay({ partition, key, value, headers }) {
      const [sent] = await producer.send([
        { topic: products, partition, key, value, headers: single(headers) },
      ]);
      if (sent === undefined) throw new Error('unreachable: one record gives one place');
      return sent;
    },
    async handled(partition, nextOffset) {
      const goal = nextOffset ?? (await admin.highWatermarks(products)).get(partition) ?? 0n;
      await untilHandled({ admin, groupId: name, topic: products, partition, nextOffset: goal });
    },
    forgetOffsets: () =>
      withKafkajsAdmin(servers, async (raw) => {
        await raw.deleteGroups([name]);
      }),
    deleteBefore: (partition, offset) =>
      withKafkajsAdmin(servers, async (raw) => {
        await raw.fetchTopicOffsets(products); // or kafkajs does not know the partition's leader
        await raw.deleteTopicRecords({
          topic: products,
          partitions: [{ partition, offset: String(offset) }],
        });
      }),
    reports: () => readReports(kafka, codec, monitoring),
    async close() {
      await stop();
      await producer.close();
      await admin.deleteTopics(topics);
      await admin.close();
      codec.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** Waits until a group has committed that it handled everything before an offset. */
export async function untilHandled(given: {
  readonly admin: KafkaAdmin;
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: bigint;
}): Promise<void> {
  const { admin, groupId, topic, partition, nextOffset } = given;
  await eventually(
    async () => {
      const offsets = await admin.groupOffsets(groupId, [topic]);
      const committed = offsets.find((place) => place.partition === partition)?.offset ?? 0n;
      assert.ok((committed ?? 0n) >= nextOffset, `at ${committed} of ${nextOffset}`);
    },
    { timeoutMs: 60_000, intervalMs: 100, what: `${topic}/${partition} is handled` },
  );
}

/** Debezium writes each header once. */
export function single(headers: KafkaRecord['headers']): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([header, [first]]) =>
      first === undefined ? [] : [[header, first]],
    ),
  );
}
