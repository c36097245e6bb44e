// What is reported reaches clients as it is reported: each report once, also across lost connections.
import { createHash, randomBytes } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { LIVE_WINDOW } from '@shelfcast/schemas/monitor/live';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaProducer } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { openIssuer } from '../support/issuer.ts';
import { connectLive, type LiveClient } from '../support/live-client.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';

interface Context {
  codec: Codec;
  producer: KafkaProducer;
  encode: (nr: number, service: string) => Buffer;
  first: TestMonitor;
  second: TestMonitor;
  clients: LiveClient[];
}

const KEYS = 7;
const test = suite<Context>('live');

test.before(async (context) => {
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  context.producer = await kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createProducer();
  context.clients = [];
  const encode = await context.codec.encoder(MONITORING_EVENT);
  context.encode = (nr, service) =>
    encode({
      id: `${service}/${nr}`,
      eventId: `${service}-event-${nr % KEYS}`,
      stage: nr % 10 === 0 ? 'failed' : 'processed',
      service,
      instance: 'test',
      topic: 'pis.public.products',
      partition: 0,
      offset: BigInt(nr),
      key: `${nr % KEYS}`,
      occurredAt: 1_790_000_000_123_456n,
      at: 1_790_000_000_124_456n,
      durationUs: 1_000n,
      attempt: 1,
      error: nr % 10 === 0 ? { type: 'TestError', message: '<img onerror=alert(1)>' } : null,
      traceId: null,
      details: JSON.stringify({ entity: 'products', nr }),
    });
  context.first = await startTestMonitor();
  context.second = await startTestMonitor({
    MONITORING_DATABASE_URL: context.first.databaseUrl,
    LIVE_RECENT_REPORTS: '100',
  });
});
test.after(async (context) => {
  for (const client of context.clients) client.close();
  await context.second.close();
  await context.first.close();
  await context.producer.close();
  context.codec.close();
});

const newService = (): string => `live-${randomBytes(4).toString('hex')}`;

async function publish(
  { producer, encode }: Context,
  service: string,
  { from, to }: { from: number; to: number },
): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await producer.send(
    numbers.map((nr) => ({
      topic: MONITORING_TOPIC,
      key: `${service}-event-${nr % KEYS}`,
      value: encode(nr, service),
    })),
  );
}

/** Numbers of the reports, in the order in which they came, by event. */
function numbersByEvent(clients: readonly Pick<LiveClient, 'items'>[]): number[][] {
  const byEvent: number[][] = Array.from({ length: KEYS }, () => []);
  for (const { items } of clients) {
    for (const { offset } of items) byEvent[Number(offset) % KEYS]?.push(Number(offset));
  }
  return byEvent;
}

const expectedByEvent = (count: number): number[][] =>
  Array.from({ length: KEYS }, (_, key) =>
    Array.from({ length: Math.ceil((count - key) / KEYS) }, (_, index) => key + index * KEYS),
  );

test('filters are applied where the reports are, and every field arrives as it was', async (context) => {
  const service = newService();
  const failures = await connectLive({
    url: context.first.url,
    filter: { service, stages: ['failed'], text: 'ONERROR' },
  });
  const one = await connectLive({ url: context.first.url, filter: { service, key: '3' } });
  const other = await connectLive({
    url: context.first.url,
    filter: { service, topic: 'country' },
  });
  const entity = await connectLive({
    url: context.second.url,
    filter: { service, entity: 'products' },
  });
  context.clients.push(failures, one, other, entity);
  await publish(context, service, { from: 0, to: 70 });
  await eventually(() => failures.items.length === 7 && one.items.length === 10, {
    what: 'what the filters let through',
  });
  await eventually(() => entity.items.length === 70, { what: 'all, at the other monitor' });
  assert.is(other.items.length, 0);
  assert.equal(
    failures.items.map(({ stage }) => stage),
    Array.from({ length: 7 }, () => 'failed'),
  );
  const report = failures.items.find(({ offset }) => offset === '30');
  assert.equal(
    { ...report },
    {
      id: `${service}/30`,
      eventId: `${service}-event-2`,
      stage: 'failed',
      service,
      instance: 'test',
      topic: 'pis.public.products',
      partition: 0,
      offset: '30',
      key: '2',
      occurredAtUs: 1_790_000_000_123_456,
      atUs: 1_790_000_000_124_456,
      durationUs: 1_000,
      attempt: 1,
      error: { type: 'TestError', message: '<img onerror=alert(1)>' },
      traceId: null,
      details: { entity: 'products', nr: 30 },
    },
  );
});

test('cut again and again under load, at one monitor and the other: each report once, in order', async (context) => {
  const service = newService();
  const filter = { service };
  const monitors = [context.first, context.second];
  const lives: LiveClient[] = [];
  let client = await connectLive({ url: context.first.url, filter });
  lives.push(client);
  let count = 0;
  const received = (): number => lives.reduce((sum, { items }) => sum + items.length, 0);
  for (let round = 1; round <= 6; round += 1) {
    // On while it reads: never more on the way than would wait for it, however slow this machine is just now.
    for (let wave = 0; wave < 3; wave += 1) {
      await publish(context, service, { from: count, to: count + 150 });
      count += 150;
      await eventually(() => received() >= count - 150, {
        timeoutMs: 60_000,
        what: 'the wave before',
      });
    }
    client.cut();
    const since = client.cursor();
    const missed = publish(context, service, { from: count, to: count + 400 });
    count += 400;
    if (round % 2 === 0) await missed;
    client = await connectLive({ url: monitors[round % 2]?.url ?? '', filter, since });
    lives.push(client);
    await missed;
    await eventually(() => received() >= count, {
      timeoutMs: 60_000,
      what: `${count} reports, of which there are ${received()}`,
    });
  }
  context.clients.push(client);
  assert.equal(numbersByEvent(lives), expectedByEvent(count));
  assert.is(
    lives.reduce((sum, one) => sum + one.sampled(), 0),
    0,
    'nothing is left out for who keeps up',
  );
  console.log(`# ${count} reports over ${lives.length} connections, each once`);
});

test('a monitor killed and started again goes on where its client was', async (context) => {
  const service = newService();
  const filter = { service };
  const before = await connectLive({ url: context.second.url, filter });
  await publish(context, service, { from: 0, to: 300 });
  await eventually(() => before.items.length === 300, { what: '300 reports' });
  context.second.kill('SIGKILL');
  await publish(context, service, { from: 300, to: 2_000 });
  await context.second.restart();
  const after = await connectLive({ url: context.second.url, filter, since: before.cursor() });
  context.clients.push(after);
  await eventually(() => after.items.length >= 1_700, {
    timeoutMs: 60_000,
    what: 'what it missed',
  });
  await publish(context, service, { from: 2_000, to: 2_010 });
  await eventually(() => after.items.length >= 1_710, { what: 'what came then' });
  assert.equal(numbersByEvent([before, after]), expectedByEvent(2_010));
  assert.is(after.gaps.length, 0);
});

test('who does not read is sampled and told so; who reads gets everything', async (context) => {
  const service = newService();
  const filter = { service };
  const url = context.first.url;
  const slow = await connectLive({ url, filter, acknowledges: false });
  const quick = await connectLive({ url, filter });
  context.clients.push(slow, quick);
  let count = 0;
  // More than its window and what waits for it hold, however many reports a batch has.
  while (slow.batches.length < LIVE_WINDOW) {
    await publish(context, service, { from: count, to: count + 200 });
    count += 200;
    await eventually(() => quick.items.length === count, { timeoutMs: 60_000, what: 'the wave' });
  }
  for (let wave = 0; wave < 10; wave += 1) {
    await publish(context, service, { from: count, to: count + 200 });
    count += 200;
    await eventually(() => quick.items.length === count, { timeoutMs: 60_000, what: 'the wave' });
  }
  assert.is(slow.batches.length, LIVE_WINDOW, 'no more than the window is sent');
  slow.acknowledge();
  await eventually(() => slow.items.length + slow.sampled() === count, {
    what: 'what was left out',
  });
  assert.ok(slow.sampled() >= 1_500, `${slow.sampled()} were left out`);
  const kept = new Set(slow.items.map(({ offset }) => Number(offset)));
  const newest = Array.from({ length: 200 }, (_, index) => count - 200 + index);
  assert.ok(
    newest.every((nr) => kept.has(nr)),
    'the newest are kept',
  );
  assert.is(quick.sampled(), 0);
});

test('a cursor that is none is refused, one of reports that are gone is told what is missing', async (context) => {
  const { url } = context.first;
  await assertRefused(connectLive({ url, filter: {}, since: 'yesterday' }), /no cursor/);
  await assertRefused(connectLive({ url, filter: { text: '' } }), /text/);
  const ahead = await connectLive({
    url,
    filter: { service: newService() },
    since: '1.zzzzzzzz',
  });
  context.clients.push(ahead);
  await eventually(() => ahead.gaps.length === 1, { what: 'the gap' });
  assert.is(ahead.gaps[0]?.partition, 0);
});

test('summary and health come by themselves', async (context) => {
  const client = await connectLive({ url: context.first.url, filter: {} });
  context.clients.push(client);
  await eventually(() => client.summaries.length > 0 && client.healths.length > 0, {
    what: 'summary and health',
  });
  assert.ok((client.summaries[0]?.clients ?? 0) >= 1);
});

test('no token, a wrong token and a foreign origin are refused', async (context) => {
  const token = randomBytes(24).toString('hex');
  const hash = createHash('sha256').update(token).digest('hex');
  const monitor = await startTestMonitor({
    MONITORING_DATABASE_URL: context.first.databaseUrl,
    API_TOKENS: `looker:viewer:${hash}`,
    ALLOWED_ORIGINS: 'https://dashboard.example',
  });
  try {
    const { url } = monitor;
    const filter = {};
    await assertRefused(connectLive({ url, filter }), /token/);
    await assertRefused(connectLive({ url, filter, token: 'guessed' }), /not valid/);
    const elsewhere = { url, filter, token, origin: 'https://elsewhere.example' };
    await assertRefused(connectLive(elsewhere), /websocket error/);
    const client = await connectLive({ ...elsewhere, origin: 'https://dashboard.example' });
    client.close();
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/metrics`, { headers })).status;
    const authorization = `Bearer ${token}`;
    assert.is(await status({}), 401);
    assert.is(await status({ authorization, origin: 'https://elsewhere.example' }), 403);
    assert.is(await status({ authorization }), 200);
  } finally {
    await monitor.close();
  }
});

test('a token that expires takes its connection with it; a new one goes on where that was', async (context) => {
  const issuer = await openIssuer();
  const monitor = await startTestMonitor({
    MONITORING_DATABASE_URL: context.first.databaseUrl,
    OIDC_ISSUER: issuer.name,
    OIDC_JWKS_URL: issuer.jwksUrl,
  });
  try {
    const { url } = monitor;
    const service = newService();
    const filter = { service };
    // With the tolerance for clocks, good for seven seconds: long enough for twenty reports on a machine that is busy.
    const old = await issuer.token({ role: 'viewer', expiresInSeconds: 2 });
    const client = await connectLive({ url, filter, token: old });
    await publish(context, service, { from: 0, to: 20 });
    await eventually(() => client.items.length === 20, { what: 'what came while it was good' });
    await eventually(() => !client.isConnected(), { what: 'the connection ends' });
    await assertRefused(connectLive({ url, filter, token: old }), /expired/);
    await publish(context, service, { from: 20, to: 40 });
    const token = await issuer.token({ role: 'viewer', expiresInSeconds: 86_400 * 365 });
    const next = await connectLive({ url, filter, token, since: client.cursor() });
    await eventually(() => next.items.length === 20, { what: 'what came meanwhile' });
    assert.equal(numbersByEvent([client, next]), expectedByEvent(40));
    next.close();
  } finally {
    await monitor.close();
    await issuer.close();
  }
});

async function assertRefused(attempt: Promise<LiveClient>, why: RegExp): Promise<void> {
  const outcome = await attempt.then(
    (client) => {
      client.close();
      return 'it was let in';
    },
    (error: unknown) => String(error),
  );
  assert.match(outcome, why);
}

test.run();
