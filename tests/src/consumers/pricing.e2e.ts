import { randomUUID } from 'node:crypto';
import { pricing } from '@shelfcast/consumers/internals/pricing/consumer';
import type { RunningConsumer } from '@shelfcast/consumers/internals/runtime/consume';
import { runJobs } from '@shelfcast/consumers/internals/runtime/jobs';
import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { cdcTopic, DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaProducer } from '@shelfcast/service-kit/kafka/types';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { consumeInGroup } from '../support/consume-in-group.ts';
import { fromEnvironment } from '../support/environment.ts';
import { withKafkajsAdmin } from '../support/kafkajs-admin.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { openPricingHarness, type PricingHarness } from '../support/pricing-harness.ts';
import { answer, type Receiver } from '../support/webhook-receiver.ts';

interface Context {
  pipeline: Pipeline;
  harness: PricingHarness;
  kafka: Kafka;
  codec: Codec;
  producer: KafkaProducer;
  monitoring: string;
  group: string;
  consumer: RunningConsumer;
  stopJobs: () => Promise<void>;
}

const test = suite<Context>('from an edit in Postgres to a webhook');

test.before(async (context) => {
  const servers = fromEnvironment('KAFKA_BOOTSTRAP_SERVERS');
  const group = `pricing-${randomUUID().slice(0, 8)}`;
  const kafka = kafkaAt(servers);
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const harness = await openPricingHarness();
  const monitoring = `${group}.monitoring`;
  const admin = kafka.createAdmin();
  await admin.ensureTopics([
    { topic: monitoring, partitions: 1, replicationFactor: 1, configs: {} },
  ]);
  await admin.close();
  const producer = await kafka.createProducer();
  const encodeReport = await codec.encoder(MONITORING_EVENT);
  const publisher = createMonitoringPublisher({
    producer,
    encode: encodeReport,
    topic: monitoring,
  });
  const consumer = await consumeInGroup(group, {
    definition: pricing,
    kafka,
    pool: harness.pool,
    codec,
    publisher,
    encodeReport,
    topicPrefix: DEFAULT_TOPIC_PREFIX,
  });
  const jobs = await runJobs({
    definitions: [pricing],
    pool: harness.pool,
    codec,
    log: silentLogger(),
  });
  const pipeline = connectPipeline();
  Object.assign(context, {
    pipeline,
    harness,
    kafka,
    codec,
    producer,
    monitoring,
    group,
    consumer,
  });
  context.stopJobs = async () => jobs?.stop();
  await eventually(() => consumer.notReady() === undefined, {
    what: 'the consumer has joined its group',
    timeoutMs: 60_000,
  });
  await pastHistory(kafka, group);
});

/** A new group begins with everything that the tests before this one have written. */
async function pastHistory(kafka: Kafka, group: string): Promise<void> {
  const topics = ['products', 'product_discounts'].map((table) =>
    cdcTopic({ schema: 'public', table }),
  );
  const admin = kafka.createAdmin();
  try {
    await eventually(
      async () => {
        const lags = await admin.groupLag(group, topics);
        assert.ok(lags.length > 0 && lags.every(({ messages }) => messages === 0n));
      },
      { what: 'the consumer has read what was there', timeoutMs: 240_000, intervalMs: 500 },
    );
  } finally {
    await admin.close();
  }
}

test.after(async (context) => {
  await context.stopJobs?.();
  await context.consumer?.stop();
  await context.producer?.close();
  await forgetGroup(context);
  context.codec?.close();
  await context.pipeline?.close();
  await context.harness?.close();
});

async function forgetGroup({ kafka, monitoring, group }: Context): Promise<void> {
  if (kafka === undefined) return; // what it failed of before is what counts
  const admin = kafka.createAdmin();
  await admin.deleteTopics([monitoring]);
  await admin.close();
  await withKafkajsAdmin(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'), async (raw) => {
    await raw.deleteGroups([group]);
  });
}

const steps = ({ accepted }: Receiver) =>
  accepted.map(({ payload: { data } }) => {
    const { oldPrice, newPrice, discountId } = data;
    return `${oldPrice?.amount ?? '–'} → ${newPrice?.amount ?? '–'}${discountId === null ? '' : ` ${discountId}`}`;
  });

test('edits of price and discounts, also by the clock, arrive signed and in order', async (context) => {
  const { pipeline, harness } = context;
  const id = `W-${randomUUID().slice(0, 8)}`;
  const receiver = await harness.subscribe({ productIds: [id] });
  harness.startDeliverer();
  const sql = (text: string, ...values: unknown[]) =>
    pipeline.products.query(text, [id, ...values]);
  const told = async (what: string, count: number) => {
    await eventually(() => assert.is(receiver.accepted.length, count), { what, timeoutMs: 30_000 });
  };

  await sql(`insert into products (product_id, name, price) values ($1, 'Webhook', 20)`);
  await sql(
    `update products set description = 'nothing about the price', stock_quantity = 7 where product_id = $1`,
  );
  await sql('update products set price = 17.90 where product_id = $1');
  await told('creation and edit', 2);
  const startMs = Date.now() + 2_000;
  await sql(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage, start_date, end_date)
     values ($1 || ':sale', $1, 'sale', 50, $2, $3)`,
    new Date(startMs).toISOString(),
    new Date(startMs + 2_000).toISOString(),
  );
  await told('start and end of the discount', 4);
  await sql('delete from product_discounts where product_id = $1');
  await sql('delete from products where product_id = $1');
  await told('the end of the product', 5);

  assert.equal(steps(receiver), [
    '– → 20.00',
    '20.00 → 17.90',
    `17.90 → 8.95 ${id}:sale`,
    '8.95 → 17.90',
    '17.90 → –',
  ]);
  assert.equal(receiver.forged, []);
  const clock = receiver.accepted.filter(({ payload }) => payload.data.cause === 'clock');
  const lateMs = clock.map(({ atMs, payload }) => atMs - Date.parse(payload.timestamp));
  console.log(`told ${lateMs.join(' and ')} ms after the discount started and ended`);
});

test('many edits while the receiver is down: none is lost, each product keeps its order', async (context) => {
  const { pipeline, harness } = context;
  const prefix = `W-${randomUUID().slice(0, 8)}`;
  const ids = Array.from({ length: 20 }, (_, index) => `${prefix}-${index}`);
  const receiver = await harness.subscribe({ productIds: ids });
  receiver.behave(() => answer(503));
  harness.startDeliverer();
  await pipeline.products.query(
    `insert into products (product_id, name, price) select id, 'Many', 1 from unnest($1::text[]) id`,
    [ids],
  );
  for (let price = 2; price <= 10; price += 1) {
    await pipeline.products.query('update products set price = $2 where product_id = any ($1)', [
      ids,
      price,
    ]);
  }
  await eventually(() => receiver.asked.length > 20, { what: 'attempts', timeoutMs: 30_000 });

  receiver.behave(() => answer(204));

  await eventually(() => assert.is(receiver.accepted.length, 200), {
    what: 'all',
    timeoutMs: 60_000,
  });
  for (const id of ids) {
    const prices = receiver.accepted
      .filter(({ payload }) => payload.data.productId === id)
      .map(({ payload }) => payload.data.newPrice?.amount);
    assert.equal(
      prices,
      Array.from({ length: 10 }, (_, index) => `${index + 1}.00`),
      id,
    );
  }
  assert.is(new Set(receiver.accepted.map(({ webhookId }) => webhookId)).size, 200);
});

test.run();
