// What a viewer, or a stranger, can make the monitor keep: it stays the same, and others are served meanwhile.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { registered } from '@shelfcast/consumers/internals/registered';
import { parkKey } from '@shelfcast/consumers/operations/parking';
import { MONITORING_EVENT, PRODUCT_UPDATE } from '@shelfcast/schemas/contracts';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import { z } from 'zod';
import { newToken } from '../support/api-client.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { fromEnvironment } from '../support/environment.ts';
import { type KafkaHarness, openKafkaHarness } from '../support/kafka-harness.ts';
import { connectLive } from '../support/live-client.ts';
import { madeReport } from '../support/made-reports.ts';
import { productUpdate } from '../support/manual-events.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { codecAt } from '../support/pipeline-kafka.ts';
import { percentile, SERVED_MS, timesOf, watchMemory } from '../support/process-memory.ts';

interface Context {
  kafka: KafkaHarness;
  monitor: TestMonitor;
  consumers: TestDatabase;
  token: string;
  /** Of another viewer. */
  otherToken: string;
  /** @param noteLength characters of each, default 1,000 */
  report(count: number, noteLength?: number): Promise<void>;
  /** Reports made so far; the last part of an event's id is its report's number. */
  made(): number;
}

const REPORTS = 12_000;
const ATTACK_MS = 12_000;
/** Beyond what garbage comes and goes: what grew before was ten times that. */
const MAX_GROWTH_MIB = 100;
const test = suite<Context>('monitor, flooded');

test.before(async (context) => {
  context.kafka = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const topic = await context.kafka.newTopic({ partitions: 1 });
  const viewer = newToken('vera', 'viewer');
  const other = newToken('otto', 'viewer');
  context.token = viewer.token;
  context.otherToken = other.token;
  context.consumers = await createTestDatabase();
  await migrateConsumers(context.consumers.url, registered);
  context.monitor = await startTestMonitor({
    MONITORING_TOPIC: topic,
    API_TOKENS: `${viewer.setting},${other.setting}`,
    LIVE_MAX_CLIENTS: '200',
    CONSUMERS_DATABASE_URL: context.consumers.url,
  });
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const encode = await codec.encoder(MONITORING_EVENT);
  codec.close();
  const publisher = createMonitoringPublisher({
    producer: context.kafka.producer,
    encode,
    topic,
  });
  const run = randomBytes(4).toString('hex');
  let nr = 0;
  context.made = () => nr;
  context.report = async (count, noteLength = 1_000) => {
    const next = () => {
      nr += 1;
      return madeReport({
        ...{ eventId: `${run}-${nr}`, topic, service: 'made', stage: 'processed' },
        ...{ occurredAtUs: Date.now() * 1000, afterMs: 1 },
        details: { note: 'x'.repeat(noteLength) },
      });
    };
    for (let sent = 0; sent < count; sent += 100) {
      await publisher.report(Array.from({ length: Math.min(100, count - sent) }, next));
    }
  };
  await context.report(REPORTS);
});
test.after(async ({ kafka, monitor, consumers }) => {
  await monitor.close();
  await consumers.drop();
  await kafka.close();
});

async function openSocket(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => {});
  await once(socket, 'open');
  return socket;
}

/** Sockets that never read, say that they have received everything, and want it all again. */
async function openLiars(url: string, token: string): Promise<{ close(): void }> {
  const sockets: WebSocket[] = [];
  for (let nr = 0; nr < 3; nr += 1) {
    const socket = await openSocket(url);
    socket.send(`40${JSON.stringify({ token })}`);
    await once(socket, 'message');
    socket.pause();
    sockets.push(socket);
  }
  const timer = setInterval(() => {
    for (const socket of sockets) {
      // What is not read on the other side need not wait here either.
      if (socket.readyState !== WebSocket.OPEN || socket.bufferedAmount > 1_000_000) continue;
      for (let nr = 0; nr < 4; nr += 1) socket.send('42["received",9007199254740991]');
      socket.send('42["subscribe",{"filter":{},"since":"1.0"}]');
      socket.ping('x'.repeat(125));
    }
  }, 5);
  return {
    close() {
      clearInterval(timer);
      for (const socket of sockets) socket.terminate();
    },
  };
}

test('who never reads but says so makes the monitor keep nothing', async ({
  monitor,
  token,
  report,
  made,
}) => {
  const { url, pid } = monitor;
  // Those before may still be on their way to it.
  const first = made() + 1;
  const reader = await connectLive({ url, filter: {}, token });
  const ask = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/api/events?limit=5`, { headers });
    await answer.text();
    assert.is(answer.status, 200);
  };
  // A process that has just started grows by itself with its first answers.
  await timesOf(40, ask);
  const memory = watchMemory(pid);
  const liars = await openLiars(url, token);
  let tookMs: number[];
  let highest: number;
  try {
    const asking = timesOf(ATTACK_MS / 200, ask);
    const endMs = performance.now() + ATTACK_MS;
    let sent = 0;
    while (performance.now() < endMs) {
      await report(100);
      sent += 100;
      await delay(100);
    }
    tookMs = await asking;
    highest = memory.stop();
    const isOfNow = ({ eventId }: { eventId: string }) => Number(eventId.split('-')[1]) >= first;
    await eventually(() => assert.is(reader.items.filter(isOfNow).length, sent), {
      timeoutMs: 30_000,
      what: 'who reads has everything',
    });
    assert.is(reader.sampled(), 0);
  } finally {
    liars.close();
    reader.close();
  }
  const p95 = percentile(tookMs, 95);
  console.log(
    `# liars: resident ${memory.before} → ${highest} MiB at most; others p95 ${p95.toFixed(0)} ms (${tookMs.length} answers)`,
  );
  assert.ok(highest < memory.before + MAX_GROWTH_MIB, `${memory.before} → ${highest} MiB`);
  assert.ok(p95 < SERVED_MS, `p95 ${p95} ms`);
});

test('bare handshakes without a token take no client’s place', async ({ monitor, token }) => {
  const { url, pid } = monitor;
  const reader = await connectLive({ url, filter: {}, token });
  const memory = watchMemory(pid);
  const bare: WebSocket[] = [];
  const tookMs: number[] = [];
  let running = true;
  const attack = (async () => {
    while (running) {
      const opened = await Promise.allSettled(Array.from({ length: 50 }, () => openSocket(url)));
      for (const one of opened) if (one.status === 'fulfilled') bare.push(one.value);
    }
  })();
  await eventually(() => bare.length > 500, { timeoutMs: 30_000, what: 'handshakes are held' });
  for (let nr = 0; nr < 20; nr += 1) {
    const startedMs = performance.now();
    const client = await connectLive({ url, filter: {}, token });
    tookMs.push(performance.now() - startedMs);
    client.close();
    await delay(100);
  }
  running = false;
  await attack;
  assert.ok(reader.isConnected(), 'who is in stays in');
  const highest = memory.stop();
  const p95 = percentile(tookMs, 95);
  console.log(
    `# ${bare.length} bare handshakes: clients connect in p95 ${p95.toFixed(0)} ms, resident ${memory.before} → ${highest} MiB at most`,
  );
  assert.ok(p95 < SERVED_MS, `p95 ${p95} ms`);
  await eventually(() => bare.every(({ readyState }) => readyState === WebSocket.CLOSED), {
    timeoutMs: 15_000,
    what: 'handshakes without a token are ended',
  });
  for (const socket of bare) socket.terminate();
  reader.close();
});

test('one caller takes half of the clients’ places, and gives them back', async ({
  monitor,
  token,
  otherToken,
}) => {
  const { url } = monitor;
  const enter = (of: string) => connectLive({ url, filter: {}, token: of });
  const clients = await Promise.all(Array.from({ length: 100 }, () => enter(token)));
  const refused = await enter(token).then(
    () => 'let in',
    (error: unknown) => String(error),
  );
  assert.match(refused, 'too many clients of this caller');
  const other = await enter(otherToken);
  other.close();
  for (const client of clients) client.close();
  const again = await eventually(() => enter(token), { what: 'a place again' });
  again.close();
});

test('who talks without an end is cut', async ({ monitor, token }) => {
  const socket = await openSocket(monitor.url);
  socket.send(`40${JSON.stringify({ token })}`);
  await once(socket, 'message');
  const closed = once(socket, 'close');
  for (let nr = 0; nr < 3_000; nr += 1) socket.send('42["received",1]');
  await closed;
});

/** Lists of so many bytes: 500 reports whose details are as long as captured changes have them. */
const LARGE = { path: '/api/events?limit=500', bytes: 2_500_000, noteLength: 5_000 };

test('who asks for large answers and reads none makes the monitor keep few', async ({
  monitor,
  token,
  otherToken,
  report,
}) => {
  const { url, pid } = monitor;
  const ask = async (of: string, path: string): Promise<number> => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${of}` } });
    return (await answer.text()).length;
  };
  await report(500, LARGE.noteLength);
  const isLarge = async () => (await ask(otherToken, LARGE.path)) > LARGE.bytes;
  await eventually(isLarge, { what: 'large answers' });
  const askLittle = () => ask(otherToken, '/api/events?limit=5');
  const quietMs = await timesOf(40, askLittle);
  const memory = watchMemory(pid);
  const head = `host: 127.0.0.1\r\nauthorization: Bearer ${token}`;
  const idle = openIdleReaders(url, 150, `GET ${LARGE.path} HTTP/1.1\r\n${head}\r\n\r\n`);
  try {
    const tookMs: number[] = [];
    const endMs = performance.now() + ATTACK_MS;
    while (performance.now() < endMs) tookMs.push(...(await timesOf(5, askLittle)));
    const highest = memory.stop();
    assert.ok(await isLarge(), 'who reads has the whole of it');
    const p95 = percentile(tookMs, 95);
    console.log(
      `# idle readers: resident ${memory.before} → ${highest} MiB at most; others p95 ${p95.toFixed(0)} ms (${tookMs.length} answers), before ${percentile(quietMs, 95).toFixed(0)} ms`,
    );
    assert.ok(highest < memory.before + MAX_GROWTH_MIB, `${memory.before} → ${highest} MiB`);
    assert.ok(p95 < SERVED_MS, `p95 ${p95} ms`);
  } finally {
    idle.close();
  }
});

/** A key that waits with as much as its queue may hold. */
async function parkLarge(databaseUrl: string): Promise<string> {
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const encode = await codec.encoder(PRODUCT_UPDATE);
  codec.close();
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const [entity, key, topic] = ['products', 'P-1', 'product_updates'];
  const headers = { ce_id: [Buffer.from('large')] };
  const value = encode({ ...productUpdate(key), name: 'x'.repeat(LARGE_VALUE) });
  try {
    await inTransaction(pool, async (tx) => {
      for (let nr = 0; nr < 20; nr += 1) {
        const record = { topic, partition: 0, offset: BigInt(nr), timestampMs: Date.now() };
        const entry = { record: { ...record, key: Buffer.from(key), value, headers } };
        const failure = { type: 'Error', message: 'of a test' };
        const parked = { ...entry, entity, key, changeId: null };
        await parkKey(tx, 'catalogue', parked, failure, Date.now() + 3_600_000);
      }
    });
    const { rows } = await pool.query('select min(id)::text as id from runtime.parked_changes');
    return rows[0].id;
  } finally {
    await pool.end();
  }
}

/** Characters of one value: twenty of them are more than an answer may be. */
const LARGE_VALUE = 2 * 1024 * 1024;

test('dead letters with a long queue of large records are told in part, a few at a time', async ({
  monitor,
  consumers,
  token,
  otherToken,
}) => {
  const { url, pid } = monitor;
  const path = `/api/dead-letters/${await parkLarge(consumers.url)}`;
  const whole = await fetch(`${url}${path}`, {
    headers: { authorization: `Bearer ${otherToken}` },
  });
  const { records } = z.object({ records: z.array(z.unknown()) }).parse(await whole.json());
  assert.is(records.length, 1, 'the first, which is more than fits');
  const askLittle = async (): Promise<void> => {
    const headers = { authorization: `Bearer ${otherToken}` };
    const answer = await fetch(`${url}/api/dead-letters?limit=5`, { headers });
    await answer.text();
    assert.is(answer.status, 200);
  };
  const quietMs = await timesOf(40, askLittle);
  const memory = watchMemory(pid);
  const head = `host: 127.0.0.1\r\nauthorization: Bearer ${token}`;
  const idle = openIdleReaders(url, 100, `GET ${path} HTTP/1.1\r\n${head}\r\n\r\n`);
  try {
    const tookMs: number[] = [];
    const endMs = performance.now() + ATTACK_MS;
    while (performance.now() < endMs) tookMs.push(...(await timesOf(5, askLittle)));
    const highest = memory.stop();
    const p95 = percentile(tookMs, 95);
    console.log(
      `# idle readers of a dead letter: resident ${memory.before} → ${highest} MiB at most; others p95 ${p95.toFixed(0)} ms (${tookMs.length} answers), before ${percentile(quietMs, 95).toFixed(0)} ms`,
    );
    assert.ok(highest < memory.before + MAX_GROWTH_MIB, `${memory.before} → ${highest} MiB`);
    assert.ok(p95 < SERVED_MS, `p95 ${p95} ms`);
  } finally {
    idle.close();
  }
});

/** Connections that ask for something again and again, and read nothing of it. */
function openIdleReaders(url: string, count: number, request: string): { close(): void } {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  let closed = false;
  const connectOne = (): void => {
    if (closed) return;
    const socket = connect({
      host: hostname,
      port: Number(port),
      onread: { buffer: Buffer.alloc(1), callback: () => false },
    });
    socket.on('error', () => {});
    socket.once('connect', () => socket.write(request.repeat(3)));
    socket.once('close', () => {
      open.delete(socket);
      setTimeout(connectOne, 500).unref();
    });
    open.add(socket);
  };
  for (let nr = 0; nr < count; nr += 1) connectOne();
  return {
    close() {
      closed = true;
      for (const socket of open) socket.destroy();
    },
  };
}

test.run();
