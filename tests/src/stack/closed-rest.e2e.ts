// Kafka Connect's and the registry's REST are closed to pages and strangers, and a connector's configuration names no
// other hosts: Debezium's password goes nowhere else.
import { statSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';

const test = suite('closed REST');
const connect = new URL(fromEnvironment('KAFKA_CONNECT_URL'));
const registry = new URL(fromEnvironment('SCHEMA_REGISTRY_URL'));
const subject = 'nothing-is-written-here-value';

interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** As a browser or a program would, without the rules of `fetch` about Host and Origin. */
function ask({ port }: URL, { method = 'GET', path, headers = {}, body }: Ask): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

/** As a configuration refers to the worker's environment. */
const env = (name: string) => `\${env:${name}}`;

const basic = ({ username, password }: URL) => ({
  authorization: `Basic ${Buffer.from(`${username}:${decodeURIComponent(password)}`).toString('base64')}`,
});

test('without the password nothing is told or done', async () => {
  const asked: [URL, Ask][] = [
    [connect, { path: '/' }],
    [connect, { path: '/connectors' }],
    [connect, { path: '/connectors/products/config' }],
    [connect, { method: 'POST', path: '/connectors/products/restart?includeTasks=true' }],
    [connect, { method: 'PUT', path: '/connectors/products/pause' }],
    [connect, { path: '/admin/loggers' }],
    [registry, { path: '/apis/ccompat/v7/subjects' }],
    [registry, { path: '/apis/registry/v2/search/artifacts' }],
    [
      registry,
      { method: 'POST', path: `/apis/ccompat/v7/subjects/${subject}/versions`, body: '{}' },
    ],
  ];
  for (const [of, one] of asked) assert.is(await ask(of, one), 401, `${one.method} ${one.path}`);
  // Nor by another way of writing the path of what anyone may ask.
  const detours = [
    ...['/health/../apis/ccompat/v7/subjects', '/health/..%2fapis/ccompat/v7/subjects'],
    ...['/health/%2e%2e/apis/ccompat/v7/subjects', '/health;/../apis/ccompat/v7/subjects'],
    ...['//apis/ccompat/v7/subjects', '/apis/ccompat/v7/subjects;x', '/apis//ccompat/v7/subjects'],
    ...['/health/../connectors', '/health;x/../connectors', '/connectors;/x', '//connectors'],
    ...['/connectors/products%2Ftasks', '/connectors;/products/tasks', '/health%2f..%2fconnectors'],
  ];
  for (const path of detours) {
    for (const of of [connect, registry]) {
      const status = await ask(of, { path });
      assert.ok(status >= 400 && status < 500, `${of.port} ${path}: ${status}`);
    }
  }
  const guessed = { authorization: `Basic ${Buffer.from('shelfcast:guess').toString('base64')}` };
  assert.is(await ask(connect, { path: '/connectors', headers: guessed }), 401);
  assert.is(await ask(connect, { path: '/health' }), 200, 'whether it lives');
});

test('a page has no way in, even with the browser’s stored password', async () => {
  const page = { ...basic(connect), origin: 'https://evil.example', 'content-type': 'text/plain' };
  const restart = { method: 'POST', path: '/connectors/products/restart' };
  assert.is(await ask(connect, { ...restart, headers: page }), 403);
  const rebound = { ...basic(connect), host: `evil.example:${connect.port}` };
  assert.is(await ask(connect, { ...restart, headers: rebound }), 421);
  assert.is(await ask(connect, { path: '/health', headers: { host: 'evil.example' } }), 421);
  const write = {
    method: 'POST',
    path: `/apis/ccompat/v7/subjects/${subject}/versions`,
    body: '{}',
  };
  const ofPage = { ...basic(registry), origin: 'https://evil.example' };
  assert.is(await ask(registry, { ...write, headers: ofPage }), 403);
});

test('a configuration that names another host is refused before anything is sent there', async () => {
  const client = createConnectClient({ url: connect.toString() });
  const config = (await client.config('products')) ?? {};
  let calls = 0;
  const listener = createServer((socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.2', resolve));
  const address = listener.address();
  const port = `${typeof address === 'object' ? address?.port : 0}`;
  const cases: Record<string, string>[] = [
    { 'database.hostname': '127.0.0.2', 'database.port': port },
    { 'database.hostname': '127.0.0.1,127.0.0.2' },
    { 'database.dbname': 'products?socketFactory=x' },
    { 'driver.socketFactory': 'org.example.Evil' },
    { 'value.converter.apicurio.registry.url': `http://127.0.0.2:${port}/apis/registry/v2` },
    { 'key.converter.apicurio.registry.url': `http://127.0.0.1@127.0.0.2:${port}/` },
    { 'topic.prefix': env('CDC_DATABASE_PASSWORD') },
    { 'transforms.epoch.value.literal': `x ${env('CDC_SCHEMA_REGISTRY_PASSWORD')}` },
    { 'signal.kafka.bootstrap.servers': `127.0.0.2:${port}` },
    // What one reader takes for the host is something else to another.
    { 'database.hostname': `127.0.0.2:${port}/x://127.0.0.1` },
    { 'value.converter.apicurio.registry.url': `http://127.0.0.1:1;@127.0.0.2:${port}/apis` },
    { 'value.converter.apicurio.registry.url': `http://127.0.0.1:1,@127.0.0.2:${port}/apis` },
    { 'driver.port': `1,127.0.0.2:${port}` },
    { 'driver.PGHOST': '127.0.0.2', 'driver.PGPORT': port },
    { 'topic.prefix': env(':CDC_DATABASE_PASSWORD') },
    { 'database.user': env('nowhere:CDC_DATABASE_USER') },
    // It reads a file of the worker's, and empties it.
    { 'signal.enabled.channels': 'source,file', 'signal.file': '/nowhere/of-the-worker' },
    { 'connector.class': 'org.apache.kafka.connect.tools.VerifiableSourceConnector' },
    { 'connector.class': 'org.apache.kafka.connect.mirror.MirrorSourceConnector' },
  ];
  try {
    for (const entries of cases) {
      const error = await client.validate({ ...config, ...entries }).then(
        () => undefined,
        (reason: unknown) => String(reason),
      );
      assert.match(
        error ?? 'taken',
        /not allowed|not taken|may hold|may not hold/,
        JSON.stringify(entries),
      );
    }
    // The route is the same to Connect, with anything behind a semicolon.
    const { status } = await fetch(
      `http://127.0.0.1:${connect.port}/connector-plugins/ShelfcastConnector/config/validate;x=1`,
      {
        method: 'PUT',
        headers: { ...basic(connect), 'content-type': 'application/json' },
        body: JSON.stringify({ ...config, ...cases[0] }),
      },
    );
    assert.is(status, 400);
    const elsewhere = { ...config, 'producer.override.bootstrap.servers': '127.0.0.1:9' };
    const found = await client.validate(elsewhere).catch(() => ({ error_count: 1 }));
    assert.ok(found.error_count > 0, 'records go to no other cluster');
    assert.is(calls, 0);
    assert.is((await client.validate(config)).error_count, 0, 'its own configuration is taken');
  } finally {
    listener.close();
  }
});

test('the passwords lie in files of their owner alone, and in no process’s arguments', () => {
  const folder = join(fromEnvironment('TEST_STATE_DIR'), 'secrets');
  assert.is(statSync(folder).mode & 0o077, 0);
  for (const name of ['connect', 'registry', 'connect.curl', 'registry.curl']) {
    assert.is(statSync(join(folder, name)).mode & 0o077, 0, name);
  }
});

test.run();
