// What the producer API does at its limits, and while what it works with is away.
import { createHash, randomUUID } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { fromEnvironment } from '../support/environment.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';
import { openGate, type TcpGate, through } from '../support/tcp-gate.ts';
import { readReports } from '../support/topic-reader.ts';

interface Context {
  api: TestApi;
  database: TestDatabase;
  registry: TcpGate;
  postgres: TcpGate;
  kafka: Kafka;
  codec: Codec;
  /** Its schema is known to the API. */
  topic: string;
  /** Its schema is not, until the first event is published to it. */
  unused: string;
}

const test = suite<Context>('producer API at its limits');

const NOTE = {
  type: 'record',
  name: 'Note',
  key: 'id',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'pin', type: ['null', 'string'], default: null },
  ],
};

test.before(async (context) => {
  const registryUrl = fromEnvironment('SCHEMA_REGISTRY_URL');
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.codec = codecAt(registryUrl);
  context.database = await createTestDatabase();
  context.registry = await openGate(registryUrl);
  context.postgres = await openGate(context.database.url);
  context.api = await startTestApi({
    SCHEMA_REGISTRY_URL: through(context.registry, registryUrl),
    PRODUCER_DATABASE_URL: through(context.postgres, context.database.url),
    MASKED_FIELDS: 'pin',
  });
  const suffix = randomUUID().slice(0, 8);
  context.topic = `test-limits-${suffix}`;
  context.unused = `test-limits-unused-${suffix}`;
  for (const name of [context.topic, context.unused]) {
    const made = await context.api.call('POST', '/topics', { name, schema: NOTE });
    assert.is(made.status, 201, JSON.stringify(made.body));
  }
  assert.is((await publish(context)).status, 202);
});
test.after(async (context) => {
  for (const name of [context.topic, context.unused]) {
    await context.api.call('DELETE', `/topics/${name}`);
  }
  await context.api.close();
  await context.registry.close();
  await context.postgres.close();
  await context.database.drop();
  context.codec.close();
});

interface Publication {
  readonly to?: string;
  readonly key?: string;
  readonly data?: object;
}

function publish({ api, topic }: Context, { to = topic, key, data }: Publication = {}) {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  return api.call('POST', '/events', { topic: to, data: { id: randomUUID(), ...data } }, headers);
}

test('without the registry, topics whose schema is known go on; for others it is 503, come again', async (context) => {
  const { registry, unused } = context;
  registry.shut();
  try {
    assert.is((await publish(context)).status, 202);
    const refused = await publish(context, { to: unused });
    assert.is(refused.status, 503, JSON.stringify(refused.body));
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  } finally {
    registry.open();
  }
  await eventually(async () => assert.is((await publish(context, { to: unused })).status, 202), {
    what: 'the schema is had after all',
    timeoutMs: 40_000,
  });
});

test('without Postgres, events without a key go on; with one it is 503, and nothing is written', async (context) => {
  const { postgres, kafka, codec, topic } = context;
  const [key, id] = [randomUUID(), randomUUID()];
  const named = () => publish(context, { key, data: { id } });
  postgres.shut();
  try {
    assert.is((await publish(context)).status, 202);
    const refused = await named();
    assert.is(refused.status, 503, JSON.stringify(refused.body));
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
  } finally {
    postgres.open();
  }
  await eventually(async () => assert.is((await named()).status, 202), {
    what: 'the key is taken after all',
    timeoutMs: 40_000,
  });
  const reports = await readReports(kafka, codec);
  assert.is(reports.filter((report) => report.topic === topic && report.key === id).length, 1);
});

test('reports do not show the values of masked fields', async (context) => {
  const { kafka, codec } = context;
  const { body } = await publish(context, { data: { pin: '4711' } });
  const report = (await readReports(kafka, codec)).find(({ eventId }) => eventId === body.id);
  assert.ok(report, 'it is reported before it is acknowledged');
  const pin = parseDetails(report).changed?.find(({ column }) => column === 'pin');
  assert.is(pin?.after, '•••');
  assert.not.match(String(report.details), '4711');
});

test('a key is forgotten once it has expired', async (context) => {
  const key = randomUUID();
  const data = { id: randomUUID() };
  const first = await publish(context, { key, data });
  const again = await publish(context, { key, data });
  assert.equal([again.body.id, again.headers.get('idempotent-replayed')], [first.body.id, 'true']);

  const client = new pg.Client({ connectionString: context.database.url });
  await client.connect();
  const { rowCount } = await client.query(
    `update producer.idempotency_keys set expires_at = now() - interval '1 second' where key = $1`,
    [`key:${key}`],
  );
  await client.end();
  assert.is(rowCount, 1);

  const later = await publish(context, { key, data: { id: randomUUID() } });
  assert.is(later.status, 202, 'another content is no conflict any more');
  assert.is.not(later.body.id, first.body.id);
});

test('a caller above the limit is told to wait, and others are not', async ({ topic }) => {
  const token = { busy: randomUUID(), calm: randomUUID() };
  const entry = (name: 'busy' | 'calm') =>
    `${name}:publisher:${createHash('sha256').update(token[name]).digest('hex')}`;
  const api = await startTestApi({
    API_TOKENS: `${entry('busy')},${entry('calm')}`,
    RATE_LIMIT_PER_SECOND: '2',
  });
  try {
    const send = (name: 'busy' | 'calm') =>
      api.call(
        'POST',
        '/events',
        { topic, data: { id: randomUUID() } },
        { authorization: `Bearer ${token[name]}` },
      );
    await eventually(
      async () => {
        const answers = await Promise.all(Array.from({ length: 12 }, () => send('busy')));
        const limited = answers.find(({ status }) => status === 429);
        assert.ok(limited, 'all twelve were taken');
        assert.is(limited.headers.get('retry-after'), '1');
        assert.is(limited.headers.get('content-type'), 'application/problem+json');
      },
      { what: 'more than two in a second', timeoutMs: 40_000 },
    );
    assert.is((await send('calm')).status, 202);
  } finally {
    await api.close();
  }
});

test.run();
