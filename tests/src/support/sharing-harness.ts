import { randomBytes } from 'node:crypto';
import { defineConsumer } from '@shelfcast/consumers/contract/definition';
import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { inventory } from '@shelfcast/consumers/internals/inventory/consumer';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { pricing } from '@shelfcast/consumers/internals/pricing/consumer';
import type { RunningConsumer } from '@shelfcast/consumers/internals/runtime/consume';
import type { SharedFields } from '@shelfcast/consumers/internals/runtime/shared-fields/merge';
import { MONITORING_EVENT, STOCK_ALERT } from '@shelfcast/schemas/contracts';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import * as assert from 'uvu/assert';
import { consumeInGroup } from './consume-in-group.ts';
import { createTestDatabase } from './database.ts';
import { fromEnvironment } from './environment.ts';
import { codecAt, kafkaAt, makeTopics } from './pipeline-kafka.ts';

/** What all three consumers know of a product. */
export interface KnownProduct {
  readonly name: string | null;
  readonly price: string | null;
  readonly stock: number | null;
  readonly effectivePrice: string | null;
}

/** The three consumers, in groups and a database of their own, on the topics of the pipeline. */
export interface SharingHarness {
  readonly pool: Pool;
  /** Undefined where it is gone. @throws where the consumers do not agree */
  product(id: string): Promise<KnownProduct | undefined>;
  close(): Promise<void>;
}

/** @param members how many share the partitions of each consumer */
export async function openSharingHarness(
  sharedFields: SharedFields,
  members: number,
): Promise<SharingHarness> {
  const name = `bench_${randomBytes(4).toString('hex')}`;
  const kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const admin = kafka.createAdmin();
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const database = await createTestDatabase();
  const definitions = [catalogue, pricing, inventory].map((definition) => ({
    ...defineConsumer(definition),
    sharedFields,
  }));
  await migrateConsumers(database.url, definitions);
  const pool = createPool({
    url: database.url,
    max: 12,
    applicationName: name,
    log: silentLogger(),
  });
  const monitoring = `${name}.monitoring`;
  await makeTopics(admin, [monitoring]);
  const producer = await kafka.createProducer();
  const encodeReport = await codec.encoder(MONITORING_EVENT);
  await codec.encoder(STOCK_ALERT);
  const publisher = createMonitoringPublisher({
    producer,
    encode: encodeReport,
    topic: monitoring,
  });
  for (const { name: consumer, tables, events = [] } of definitions) {
    const topics = [...tables.map((table) => `${DEFAULT_TOPIC_PREFIX}.${table}`), ...events];
    await beginAtEnd(admin, `${name}.${consumer}`, topics);
  }
  const running: RunningConsumer[] = [];
  for (const definition of Array.from({ length: members }, () => definitions).flat()) {
    running.push(
      await consumeInGroup(`${name}.${definition.name}`, {
        definition,
        kafka,
        pool,
        codec,
        publisher,
        encodeReport,
        topicPrefix: DEFAULT_TOPIC_PREFIX,
      }),
    );
  }
  await eventually(() => running.every((consumer) => consumer.notReady() === undefined), {
    timeoutMs: 60_000,
    what: 'the consumers have joined their groups',
  });
  return {
    pool,
    product: (id) => knownProduct(pool, id),
    async close() {
      await Promise.all(running.map((consumer) => consumer.stop()));
      await producer.close();
      await admin.deleteTopics([monitoring]);
      await admin.close();
      codec.close();
      await pool.end();
      await database.drop();
    },
  };
}

/** What the topics hold already is of no interest, and much after other tests. */
async function beginAtEnd(admin: KafkaAdmin, group: string, topics: readonly string[]) {
  const ends = await Promise.all(
    topics.map(async (topic) =>
      [...(await admin.highWatermarks(topic))].map(([partition, offset]) => ({
        topic,
        partition,
        offset,
      })),
    ),
  );
  await admin.setGroupOffsets(group, ends.flat());
}

async function knownProduct(pool: Pool, id: string): Promise<KnownProduct | undefined> {
  const { rows } = await pool.query(
    `select c.product_id as c, p.product_id as p, s.product_id as s, c.name, c.price, c.effective_price,
            c.stock_quantity::int, p.price as priced, p.effective_price as effective, s.stock_quantity::int as level
     from (values ($1)) as i(id)
     left join catalogue.products c on c.product_id = i.id
     left join pricing.products p on p.product_id = i.id
     left join inventory.stock s on s.product_id = i.id`,
    [id],
  );
  const [row] = rows;
  if (row.c === null && row.p === null && row.s === null) return undefined;
  assert.equal([row.priced, row.level], [row.price, row.stock_quantity], `${id}: all agree`);
  assert.is(row.effective, row.effective_price, `${id}: on the effective price`);
  const { name, price, stock_quantity: stock, effective_price: effectivePrice } = row;
  return { name, price, stock, effectivePrice };
}
