import { once } from 'node:events';
import { connect } from 'node:net';
import { Counter, Registry } from 'prom-client';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type HealthServer, startHealthServer } from './health-server.ts';

const test = suite<{ server: HealthServer; problem: string | undefined }>('health server');

test.before(async (context) => {
  const registry = new Registry();
  new Counter({ name: 'shelfcast_test_total', help: 'test', registers: [registry] }).inc(3);
  context.server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    registry,
    checkTimeoutMs: 50,
    notes: () => (context.problem === 'told' ? ['waits for a topic'] : []),
    checks: {
      kafka: () => (context.problem === 'told' ? undefined : context.problem),
      database: async () => {
        if (context.problem === 'throws') throw new Error('no route to host');
        if (context.problem === 'hangs') await new Promise(() => {});
        return undefined;
      },
    },
  });
});
test.before.each((context) => {
  context.problem = undefined;
});
test.after(({ server }) => server.close());

const get = async (server: HealthServer, path: string) => {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text() };
};

test('is alive and ready', async ({ server }) => {
  assert.is((await get(server, '/livez')).status, 200);
  const ready = await get(server, '/readyz?verbose');
  assert.is(ready.status, 200);
  assert.equal(JSON.parse(ready.text), { ready: true, checks: { kafka: 'ok', database: 'ok' } });
});

test('says why it is not ready', async (context) => {
  for (const [problem, database] of [
    ['not joined', 'ok'],
    ['throws', 'no route to host'],
    ['hangs', 'no answer within 50 ms'],
  ]) {
    context.problem = problem;
    const { status, text } = await get(context.server, '/readyz');
    assert.is(status, 503);
    assert.equal(JSON.parse(text).checks, { kafka: problem, database });
  }
});

test('tells what does not count', async (context) => {
  context.problem = 'told';
  const { status, text } = await get(context.server, '/readyz');
  assert.is(status, 200);
  assert.equal(JSON.parse(text).notes, ['waits for a topic']);
});

test('serves metrics, nothing else', async ({ server }) => {
  const { text } = await get(server, '/metrics');
  assert.match(text, /shelfcast_test_total 3/);
  assert.match(text, /nodejs_eventloop_lag/);
  assert.is((await get(server, '/')).status, 404);
});

test('a port in use is said in words', async ({ server }) => {
  const options = { host: '127.0.0.1', port: server.port, registry: new Registry(), checks: {} };
  await startHealthServer(options).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /port \d+ is in use by another process; set PORT/),
  );
});

test('what only holds a connection open is cut, and others are answered meanwhile', async ({
  server,
}) => {
  const startedMs = performance.now();
  const held = ['', 'GET /livez HT', 'GET /livez HTTP/1.1\r\nhost: localhost\r\nx-'].flatMap(
    (begun) =>
      Array.from({ length: 50 }, () => {
        const socket = connect(server.port, '127.0.0.1', () => socket.write(begun));
        return once(socket.on('error', () => {}).resume(), 'close');
      }),
  );
  assert.is((await get(server, '/livez')).status, 200);
  await Promise.all(held);
  assert.ok(performance.now() - startedMs < 8_000);
});

test.run();
