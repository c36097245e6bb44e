// The producer API against the real stack: what it acknowledges is in Kafka, reported, and once.
import { randomUUID } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { headerText } from '@shelfcast/schemas/headers';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { giveToDatabase } from '../support/manual-events.ts';
import { connectPipeline, eventuallyProduct, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';
import { readReports, readTopics } from '../support/topic-reader.ts';

interface Context extends Pipeline {
  api: TestApi;
  kafka: Kafka;
  codec: Codec;
  topic: string;
}

const test = suite<Context>('producer API');

const ORDER = {
  type: 'record',
  name: 'Order',
  key: 'order_id',
  fields: [
    { name: 'order_id', type: 'string', minLength: 1, maxLength: 40 },
    {
      name: 'total',
      type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 4 },
      minimum: 0,
    },
    { name: 'views', type: 'long', default: 0 },
    { name: 'note', type: ['null', 'string'], default: null },
  ],
};

test.before(async (context) => {
  context.topic = `test-orders-${randomUUID().slice(0, 8)}`;
  context.api = await startTestApi();
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  Object.assign(context, connectPipeline());
  const made = await context.api.call('POST', '/topics', {
    name: context.topic,
    schema: ORDER,
    partitions: 2,
  });
  assert.is(made.status, 201, JSON.stringify(made.body));
});
test.after(async (context) => {
  await context.api.call('DELETE', `/topics/${context.topic}`);
  await context.api.close();
  context.codec.close();
  await context.close();
});

const order = (id: string, fields: object = {}) => ({ order_id: id, total: '1.50', ...fields });

async function valuesIn({ kafka, codec, topic }: Context, id: string) {
  const records = (await readTopics(kafka, [topic])).filter(({ key }) => key?.toString() === id);
  const values: unknown[] = [];
  for (const { value } of records) {
    if (value !== null) values.push(Object.assign({}, (await codec.decode(value)).value));
  }
  return { records, values };
}

const idOf = (record: KafkaRecord) => headerText(record.headers, 'ce_id');

test('a call that the first implementation took works: the product is in the catalogue, and reported', async (context) => {
  const id = `API-${randomUUID().slice(0, 8)}`;
  const data = {
    ...{ product_id: id, name: 'Desk', price: 19.9, category: 'Furniture', brand: 'Nordholm' },
    ...{ stock_quantity: 3, weight: 12.5, dimensions: '1x2x3' },
  };
  try {
    const { status, body } = await context.api.call('POST', '/events/', {
      topic: 'product_updates',
      data,
    });
    assert.is(status, 202);
    assert.is(body.topic, 'product_updates');
    await eventuallyProduct(context, id, (row) => {
      assert.equal([row?.name, row?.price, row?.stock_quantity], ['Desk', '19.90', 3n]);
    });
    const reports = await readReports(context.kafka, context.codec);
    const published = reports.filter(
      ({ eventId, stage }) => eventId === body.id && stage === 'published',
    );
    assert.equal(
      published.map(({ service, key, partition, offset }) => [service, key, partition, offset]),
      [['producer-api', id, body.partition, BigInt(body.offset ?? -1)]],
    );
    assert.match(published[0]?.details ?? '', '"column":"price","after":"19.90"');
  } finally {
    await giveToDatabase(context, [id]);
  }
});

test('GET /topics/ lists what there is', async ({ api, topic }) => {
  const { status, body } = await api.call('GET', '/topics/');
  assert.is(status, 200);
  const byName = new Map(body.topics?.map((one) => [one.name, one]));
  assert.is(byName.get('product_updates')?.publishable, true);
  assert.is(byName.get('monitoring')?.publishable, false);
  assert.equal(byName.get(topic)?.partitions, 2);
});

test('digits are exact, or refused', async (context) => {
  const { api, topic } = context;
  const id = randomUUID();
  const body = `{"topic":"${topic}","data":{"order_id":"${id}","total":1234567890123456.7891,"views":9007199254740993}}`;
  assert.is((await api.call('POST', '/events', body)).status, 202);
  const { values } = await valuesIn(context, id);
  assert.equal(values, [
    { order_id: id, total: '1234567890123456.7891', views: 9_007_199_254_740_993n, note: null },
  ]);
  const refused = await api.call('POST', '/events', {
    topic,
    data: order('x', { total: '0.00001', views: '9223372036854775808' }),
  });
  assert.is(refused.status, 422);
  assert.equal(
    refused.body.violations?.map(({ pointer, code }) => [pointer, code]),
    [
      ['/data/total', 'not_exact'],
      ['/data/views', 'out_of_range'],
    ],
  );
});

test('the same key and body give the same answer and one record; another body is a conflict', async (context) => {
  const { api, topic } = context;
  const id = randomUUID();
  const headers = { 'idempotency-key': randomUUID() };
  const event = { topic, data: order(id) };
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => api.call('POST', '/events', event, headers)),
  );
  answers.push(await api.call('POST', '/events', event, headers));
  assert.equal(new Set(answers.map(({ status }) => status)), new Set([202]));
  assert.is(new Set(answers.map(({ body }) => JSON.stringify(body))).size, 1);
  assert.is(answers.at(-1)?.headers.get('idempotent-replayed'), 'true');
  assert.is((await valuesIn(context, id)).records.length, 1);

  const other = await api.call(
    'POST',
    '/events',
    { topic, data: order(id, { total: 2 }) },
    headers,
  );
  assert.is(other.status, 409);
});

test('a CloudEvent is known by its source and id, in either mode', async (context) => {
  const { api, topic } = context;
  const id = randomUUID();
  const structured = {
    ...{ specversion: '1.0', id, source: '/shop', type: topic, time: '2026-01-31T12:00:00Z' },
    ...{ region: 'north', data: order(id) },
  };
  const type = { 'content-type': 'application/cloudevents+json' };
  const first = await api.call('POST', '/events', structured, type);
  assert.is(first.status, 202, JSON.stringify(first.body));
  assert.is.not(first.body.id, id);
  const again = await api.call('POST', '/events', order(id), {
    ...{ 'ce-specversion': '1.0', 'ce-id': id, 'ce-source': '/shop', 'ce-type': topic },
  });
  assert.equal(again.body, first.body);
  const { records } = await valuesIn(context, id);
  const texts = ['ce_id', 'ce_sourceid', 'ce_source', 'ce_type', 'ce_region', 'ce_sourcetime'].map(
    (name) => headerText(records[0]?.headers ?? {}, name),
  );
  assert.equal(texts, [first.body.id, id, '/shop', topic, 'north', '2026-01-31T12:00:00Z']);
  assert.is(records.length, 1);
});

test('each event of a batch has a fate of its own, and a retry writes only what is missing', async (context) => {
  const { api, topic } = context;
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  const batch = [
    { topic, data: order(ids[0] ?? '') },
    { topic, data: order(ids[1] ?? '', { total: -1 }) },
    { topic: 'no-such-topic', data: {} },
    { topic, data: order(ids[2] ?? '') },
  ];
  const headers = { 'idempotency-key': randomUUID() };
  const first = await api.call('POST', '/events/batch', batch, headers);
  assert.is(first.status, 207);
  assert.equal(
    first.body.results?.map(({ status }) => status),
    [202, 422, 404, 202],
  );
  assert.is(first.body.results?.[1]?.problem?.violations?.[0]?.pointer, '/1/data/total');
  const again = await api.call('POST', '/events/batch/', batch, headers);
  assert.equal(again.body, first.body);
  assert.equal(
    [first, again].map((answer) => answer.headers.get('idempotent-replayed')),
    [null, 'true'],
  );
  const { records } = await valuesIn(context, ids[2] ?? '');
  assert.equal(records.map(idOf), [first.body.results?.[3]?.id]);
});

test('topics are protected from what would break their readers', async ({ api, topic, kafka }) => {
  const keyed = await api.call('PATCH', `/topics/${topic}`, { partitions: 4 });
  assert.is(keyed.status, 409);
  const kept = await api.call('PATCH', `/topics/${topic}`, { retentionMs: 3_600_000 });
  assert.is(kept.body.retentionMs, 3_600_000);
  for (const name of ['monitoring', 'pis.public.products', 'catalogue.dlq', 'product_updates']) {
    assert.is((await api.call('DELETE', `/topics/${name}`)).status, 403, name);
  }
  const broken = await api.call('POST', `/schemas/${topic}`, {
    schema: { ...ORDER, fields: [...ORDER.fields, { name: 'channel', type: 'string' }] },
  });
  assert.is(broken.status, 409);
  assert.equal(
    broken.body.violations?.map(({ pointer }) => pointer),
    ['/channel'],
  );
  const { key: _, ...keyless } = ORDER;
  const moved = await api.call('POST', `/schemas/${topic}`, { schema: keyless });
  assert.is(moved.status, 409, 'without its key its events would go elsewhere');
  const dotted = await api.call('POST', '/topics', { name: `${topic}.a`, schema: ORDER });
  assert.is(dotted.status, 201);
  const taken = await api.call('POST', '/topics', { name: `${topic}_a`, schema: ORDER });
  assert.is(taken.status, 409, 'Kafka cannot tell them apart');
  assert.is((await api.call('GET', `/schemas/${topic}_a`)).status, 404);
  await api.call('DELETE', `/topics/${topic}.a`);
  const grown = await api.call('POST', `/schemas/${topic}`, {
    schema: {
      ...ORDER,
      fields: [...ORDER.fields, { name: 'channel', type: 'string', default: 'web' }],
    },
  });
  assert.equal([grown.status, grown.body.version], [201, 2]);
  const back = await api.call('POST', `/schemas/${topic}`, { schema: ORDER });
  assert.is(back.status, 409, 'the registry does not make an earlier schema the newest again');
  const described = await api.call('GET', `/schemas/${topic}`);
  assert.equal(
    described.body.versions?.map(({ version }) => version),
    [2, 1],
  );
  const published = await api.call('POST', '/events', { topic, data: described.body.example });
  assert.is(published.status, 202, JSON.stringify(published.body));

  const consumer = await kafka.createConsumer({
    groupId: `test-group-${randomUUID()}`,
    topics: [topic],
    onBatch: async () => {},
    onFatal: () => {},
  });
  try {
    await eventually(() => consumer.assignment().length > 0, { what: 'the topic is read' });
    assert.is((await api.call('DELETE', `/topics/${topic}`)).status, 409);
  } finally {
    await consumer.stop();
  }
});

test('SIGTERM ends it without cutting a request or losing an event', async (context) => {
  const { api, topic } = context;
  const ids: string[] = [];
  const cut: unknown[] = [];
  let sending = true;
  const senders = Array.from({ length: 8 }, async () => {
    while (sending) {
      const id = randomUUID();
      try {
        const { status } = await api.call('POST', '/events', { topic, data: order(id) });
        if (status === 202) ids.push(id);
        else cut.push(status);
      } catch (error) {
        // The port is closed, or was while the system had the connection for it (ECONNRESET): nothing was sent.
        const cause = error instanceof Error ? error.cause : undefined;
        const connected = !(
          cause instanceof Error &&
          'syscall' in cause &&
          cause.syscall === 'connect'
        );
        if (connected) cut.push(cause);
        return;
      }
    }
  });
  await eventually(() => ids.length > 50, { what: 'events before the end' });
  api.kill('SIGTERM');
  assert.is(await api.ended(), 0);
  sending = false;
  await Promise.all(senders);
  await api.restart();
  assert.equal(cut, []);
  const keys = new Set((await readTopics(context.kafka, [topic])).map(({ key }) => String(key)));
  assert.equal(
    ids.filter((id) => !keys.has(id)),
    [],
  );
});

test.run();
