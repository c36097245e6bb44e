// Each route, topic and port, asked with every credential there is; docs/access.md is what came of it.
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { portsFor, portUses } from '@shelfcast/local/ports';
import { ROLES } from '@shelfcast/service-kit/auth/caller';
import type { RouteAccess } from '@shelfcast/service-kit/http/access';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { accessDocument, type Needed, type TopicAccess } from '../support/access-doc.ts';
import { newToken } from '../support/api-client.ts';
import { fromEnvironment } from '../support/environment.ts';
import { type Issuer, openIssuer } from '../support/issuer.ts';
import { connectLive } from '../support/live-client.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

type Caller =
  | 'anonymous'
  | 'a guess'
  | 'another password'
  | 'an unknown role'
  | (typeof ROLES)[number];

interface Context {
  issuer: Issuer;
  api: TestApi;
  monitor: TestMonitor;
  dashboard: ServiceProcess;
  /** What each sends as Authorization. */
  authorization: Record<Caller, string | undefined>;
  topic: string;
  /** What was found, for the document. */
  services: { name: string; routes: RouteAccess[] }[];
  topics: TopicAccess[];
}

const test = suite<Context>('access');
const SCHEMA = { type: 'record', name: 'Note', fields: [{ name: 'text', type: 'string' }] };
const described = z.object({
  routes: z.array(
    z.object({
      method: z.string(),
      path: z.string(),
      role: z.enum(['anyone', ...ROLES]),
    }),
  ),
});

test.before(async (context) => {
  context.issuer = await openIssuer();
  const tokens = ROLES.map((role) => newToken(`the-${role}`, role));
  const [viewer, publisher, operator] = tokens.map(({ token }) => `Bearer ${token}`);
  const password = new URL(fromEnvironment('KAFKA_CONNECT_URL')).password;
  const unknown = await context.issuer.token({ role: 'admin', expiresInSeconds: 600 });
  context.authorization = {
    ...{ viewer, publisher, operator },
    anonymous: undefined,
    'a guess': 'Bearer 0000',
    'another password': `Basic ${Buffer.from(`shelfcast:${password}`).toString('base64')}`,
    'an unknown role': `Bearer ${unknown}`,
  };
  const settings = {
    API_TOKENS: tokens.map(({ setting }) => setting).join(),
    OIDC_ISSUER: context.issuer.name,
    OIDC_JWKS_URL: context.issuer.jwksUrl,
  };
  context.api = await startTestApi(settings);
  context.monitor = await startTestMonitor(settings);
  context.dashboard = await startServiceProcess({
    workspace: 'dashboard/server',
    env: { ...settings, MONITOR_URL: context.monitor.url, PRODUCER_API_URL: context.api.url },
  });
  context.topic = `access-${randomUUID().slice(0, 8)}`;
  const made = await ask(`${context.api.url}/topics`, {
    ...{ method: 'POST', authorization: operator },
    body: { name: context.topic, schema: SCHEMA },
  });
  assert.is(made, 201);
  context.services = [
    { name: 'producer API', routes: await routesOf(context.api.url) },
    { name: 'monitor', routes: await routesOf(context.monitor.url) },
  ];
  context.topics = [];
});
test.after(async ({ issuer, api, monitor, dashboard }) => {
  await dashboard.stop();
  await monitor.close();
  await api.close();
  await issuer.close();
});

async function routesOf(url: string): Promise<RouteAccess[]> {
  return described.parse(await (await fetch(url)).json()).routes;
}

interface Ask {
  readonly method: string;
  readonly authorization?: string | undefined;
  readonly origin?: string;
  readonly body?: unknown;
}

/** Who has failed too often to say who one is waits for the next second. */
async function ask(url: string, { method, authorization, origin, body }: Ask): Promise<number> {
  for (;;) {
    const response = await fetch(url, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(origin === undefined ? {} : { origin }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    await response.body?.cancel();
    if (response.status !== 429) return response.status;
    await sleep(100);
  }
}

/** Names that there are none of: who is let in finds nothing to change. */
const addressOf = ({ path }: RouteAccess) => path.replaceAll(/:\w+/g, 'there-is-no-such');

/** @returns what is wrong with how a caller is answered; undefined: nothing */
function wrongWith(role: RouteAccess['role'], caller: Caller, status: number): string | undefined {
  const asRole = ROLES.find((one) => one === caller);
  const mayAsk =
    role === 'anyone' || (asRole !== undefined && ROLES.indexOf(asRole) >= ROLES.indexOf(role));
  const isKnown = asRole !== undefined || caller === 'an unknown role';
  const expected = mayAsk ? 'let in' : isKnown ? 403 : 401;
  const found = status === 401 || status === 403 ? status : 'let in';
  if (status === 500) return 'failed';
  return found === expected ? undefined : `${found} instead of ${expected}`;
}

const callers = Object.keys({
  ...{ anonymous: 0, 'a guess': 0, 'another password': 0, 'an unknown role': 0 },
  ...{ viewer: 0, publisher: 0, operator: 0 },
} satisfies Record<Caller, 0>) as Caller[];

async function walk(
  { authorization }: Context,
  routes: readonly RouteAccess[],
  url: string,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const route of routes) {
    for (const caller of callers) {
      const asked = { method: route.method, authorization: authorization[caller] };
      const status = await ask(`${url}${addressOf(route)}`, asked);
      const why = wrongWith(route.role, caller, status);
      if (why !== undefined) wrong.push(`${route.method} ${route.path} as ${caller}: ${why}`);
    }
  }
  return wrong;
}

test('each route lets in callers with its role, and no others', async (context) => {
  const urls = [context.api.url, context.monitor.url];
  for (const [index, { name, routes }] of context.services.entries()) {
    assert.ok(routes.length > 15, `${name}: ${routes.length}`);
    assert.equal(await walk(context, routes, urls[index] ?? ''), [], name);
  }
});

test('so it does behind the dashboard', async (context) => {
  const { url } = context.dashboard;
  for (const { name, routes } of context.services) {
    const isMonitor = name === 'monitor';
    const behind = routes.filter(({ path }) => !isMonitor || path.startsWith('/api/'));
    assert.equal(await walk(context, behind, isMonitor ? url : `${url}/producer`), [], name);
  }
  const own: RouteAccess[] = [
    { method: 'GET', path: '/metrics', role: 'viewer' },
    { method: 'GET', path: '/', role: 'anyone' },
    { method: 'GET', path: '/readyz', role: 'anyone' },
  ];
  assert.equal(await walk(context, own, url), []);
});

test('a page of another origin is let in nowhere, with any credentials', async (context) => {
  const { api, monitor, dashboard, authorization, services } = context;
  const origin = 'https://elsewhere.example';
  for (const [index, { routes }] of services.entries()) {
    for (const route of routes) {
      const at = `${[api.url, monitor.url][index]}${addressOf(route)}`;
      const asked = { method: route.method, authorization: authorization.operator, origin };
      assert.is(await ask(at, asked), 403, `${route.method} ${route.path}`);
    }
  }
  for (const path of ['/api/events', '/producer/topics']) {
    const asked = { method: 'GET', authorization: authorization.operator, origin };
    assert.is(await ask(`${dashboard.url}${path}`, asked), 403, path);
  }
});

test('the socket is for viewers', async ({ monitor, dashboard, authorization, issuer }) => {
  const enter = (url: string, token?: string) =>
    connectLive({ url, filter: {}, ...(token === undefined ? {} : { token }) }).then(
      (client) => {
        client.close();
        return 'let in';
      },
      (error: unknown) => String(error),
    );
  const unknown = await issuer.token({ role: 'admin', expiresInSeconds: 600 });
  for (const { url } of [monitor, dashboard]) {
    assert.match(await enter(url), 'token is needed');
    assert.match(await enter(url, '0000'), 'not valid here');
    assert.match(await enter(url, unknown), 'names no role');
    for (const role of ROLES) {
      assert.is(await enter(url, authorization[role]?.replace('Bearer ', '')), 'let in', role);
    }
  }
});

/** Topics of each kind, and what the document calls them. */
const kinds = (own: string): [topic: string, shown: string][] => [
  ['pis.public.products', 'captured tables: `pis.<schema>.<table>`'],
  ['monitoring', '`monitoring`'],
  ['stock_alerts', '`stock_alerts`'],
  ['catalogue.dlq', 'dead letters: `<consumer>.dlq`'],
  ['__consumer_offsets', 'Kafka’s own: `__…`'],
  ['shelfcast-connect-offsets', 'Connect’s own: `shelfcast-connect-…`'],
  ['product_updates', '`product_updates`'],
  ['country', '`country`'],
  ['product_discounts', '`product_discounts`'],
  [own, 'topics made through the API'],
];

test('topics: who publishes, changes, adds schemas and deletes', async (context) => {
  const { api, authorization, topic: own } = context;
  /** The first role that is let in. */
  async function least(method: string, path: string, body?: unknown): Promise<Needed> {
    for (const role of ROLES) {
      const asked = { method, authorization: authorization[role], body };
      const status = await ask(`${api.url}${path}`, asked);
      assert.ok(status < 500 && status !== 404, `${method} ${path} as ${role}: ${status}`);
      if (status !== 403) return role;
    }
    return 'none';
  }
  for (const [topic, shown] of kinds(own)) {
    context.topics.push({
      topic: shown,
      publish: await least('POST', '/events', { topic, data: {} }),
      change: await least('PATCH', `/topics/${topic}`, {}),
      addSchema: await least('POST', `/schemas/${topic}`, { schema: SCHEMA }),
      remove: await least('DELETE', `/topics/${topic}`),
    });
  }
  const rights = ({ publish, change, addSchema, remove }: TopicAccess) =>
    [publish, change, addSchema, remove].join();
  const found = context.topics.map(rights);
  assert.equal([...new Set(found.slice(0, 6))], ['none,none,none,none']);
  assert.equal([...new Set(found.slice(6, 9))], ['publisher,operator,none,none']);
  assert.equal(found.slice(9), ['publisher,operator,operator,operator']);
});

test('every port of the stack is this machine’s only', () => {
  const offset = Number(fromEnvironment('TEST_PORT_OFFSET'));
  for (const { port, use } of portUses(portsFor({ offset, brokers: 1 }))) {
    const bound = addressesOf(port);
    assert.ok(bound.length > 0, use);
    assert.equal(
      bound.filter((address) => !LOOPBACK.has(address)),
      [],
      use,
    );
  }
});

test('Postgres, Connect and the registry ask for passwords of their own', async (context) => {
  const postgres = new URL(fromEnvironment('TEST_POSTGRES_URL'));
  const token = context.authorization.operator?.replace('Bearer ', '') ?? '';
  for (const [user, password] of [
    ['postgres', 'postgres'],
    ['postgres', 'shelfcast'],
    ['shelfcast', 'guess'],
    ['shelfcast', token],
    ['debezium', 'guess'],
  ] as const) {
    const { hostname, port } = postgres;
    const client = new pg.Client({
      ...{ host: hostname, port: Number(port), user, password, database: 'products' },
    });
    const code = await client.connect().then(
      () => 'let in',
      (error: unknown) => (error instanceof pg.DatabaseError ? error.code : String(error)),
    );
    await client.end();
    assert.is(code, '28P01', user);
  }
  const guarded: [string, string][] = [
    [fromEnvironment('KAFKA_CONNECT_URL'), '/connectors'],
    [fromEnvironment('SCHEMA_REGISTRY_URL'), '/subjects'],
  ];
  for (const [address, path] of guarded) {
    const { origin, pathname, username, password } = new URL(address);
    const at = `${origin}${pathname.replace(/\/$/, '')}${path}`;
    const { anonymous, operator } = context.authorization;
    const wrong = `Basic ${Buffer.from('shelfcast:guess').toString('base64')}`;
    for (const authorization of [anonymous, operator, wrong]) {
      assert.is(await ask(at, { method: 'GET', authorization }), 401, at);
    }
    const right = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    assert.is(await ask(at, { method: 'GET', authorization: right }), 200, at);
  }
});

test('health ports answer any caller that uses this machine’s name, and take nothing', async () => {
  const offset = Number(fromEnvironment('TEST_PORT_OFFSET'));
  const { consumers, captureReports } = portsFor({ offset, brokers: 1 });
  for (const port of [consumers, captureReports]) {
    const at = (path: string) => `http://127.0.0.1:${port}${path}`;
    for (const path of ['/livez', '/readyz', '/metrics']) {
      assert.is(await ask(at(path), { method: 'GET' }), 200, path);
      assert.is(await ask(at(path), { method: 'POST' }), 405, path);
      assert.is(await byName('evil.example', port, path), 421, path);
    }
    assert.is(await ask(at('/'), { method: 'GET' }), 404);
  }
});

test('docs/access.md says so', ({ services, topics }) => {
  const file = new URL('../../../docs/access.md', import.meta.url);
  const document = accessDocument({ services, topics });
  if (process.env.WRITE_DOCS !== undefined) writeFileSync(file, document);
  assert.is(readFileSync(file, 'utf8'), document);
});

/** 127.0.0.1, ::1 and the former as the latter has it, as Linux writes them (proc(5), tcp). */
const LOOPBACK = new Set([
  '0100007F',
  '00000000000000000000000001000000',
  '0000000000000000FFFF00000100007F',
]);

/** Addresses that a port is bound to; state 0A is LISTEN. */
function addressesOf(port: number): string[] {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFileSync(file, 'utf8'));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return tables
    .flatMap((table) => table.split('\n').map((line) => line.trim().split(/\s+/)))
    .filter(([, local, , state]) => local?.endsWith(suffix) && state === '0A')
    .map(([, local = '']) => local.slice(0, -suffix.length));
}

/** `fetch` would not send another Host. */
function byName(host: string, port: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}

test.run();
