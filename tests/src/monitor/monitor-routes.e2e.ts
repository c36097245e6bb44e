// Each route of the monitor, asked anything: what it does not know is refused in a problem, and nothing fails.
import { eventually } from '@shelfcast/service-kit/eventually';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { newToken } from '../support/api-client.ts';
import { fromEnvironment } from '../support/environment.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';

interface Context {
  monitor: TestMonitor;
  headers: { authorization: string };
  routes: { method: string; path: string }[];
}

const test = suite<Context>('monitor, any request');
/** Others than the last ones: they are told when one fails. */
const RUNS = { numRuns: 600 };

test.before(async (context) => {
  const operator = newToken('otto', 'operator');
  context.headers = { authorization: `Bearer ${operator.token}` };
  context.monitor = await startTestMonitor({
    API_TOKENS: operator.setting,
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
  });
  const { url } = context.monitor;
  const shape = z.object({ routes: z.array(z.object({ method: z.string(), path: z.string() })) });
  const { routes } = shape.parse(await (await fetch(url)).json());
  context.routes = routes.filter(({ path }) => path.startsWith('/api/'));
  assert.ok(context.routes.length > 20);
  await eventually(
    async () =>
      assert.is((await fetch(`${url}/api/alerts`, { headers: context.headers })).status, 200),
    { timeoutMs: 30_000, what: 'the first look' },
  );
});
test.after(({ monitor }) => monitor.close());

const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  '/api/events': ['topic', 'key', 'stage', 'service', 'q', 'from', 'to', 'limit', 'cursor'],
  '/api/summary': ['window'],
  '/api/series': ['metric', 'from', 'to', 'step'],
  '/api/audit': ['who', 'action', 'limit', 'cursor'],
  '/api/dead-letters': ['consumer', 'entity', 'key', 'errorType', 'limit', 'cursor'],
};

/** As a URL has it, with any characters: `encodeURIComponent` takes no half of a character. */
const encoded = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const cursor = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('', '\u0000', '%', '_', '\\', "'--", '‮', '0', '-1', '1e3', 'NaN', '1'.repeat(30)),
);
const value = fc.oneof(
  text,
  fc.constantFrom('30s', '5m', '99999d', 'latency', 'throughput', 'failed', 'catalogue', 'null'),
  fc.integer().map(String),
  fc.double().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.jsonValue({ maxDepth: 2 }).map(cursor),
  fc.tuple(fc.double(), text, fc.integer(), text).map(cursor),
);
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...new Set(Object.values(PARAMETERS).flat())) },
  { weight: 1, arbitrary: fc.constantFrom('dryRun', '__proto__', 'constructor', 'key[]', 'a.b') },
  { weight: 1, arbitrary: text.filter((one) => one !== '') },
);
const query = fc.array(fc.tuple(name, value), { maxLength: 4 });
const route = fc.nat();
const id = text.filter((one) => one !== '' && one !== '.' && one !== '..');

const problem = z.object({
  type: z.string().startsWith('urn:shelfcast:problem:'),
  title: z.string(),
  status: z.number(),
  detail: z.string().min(1),
});

async function isAnswered(url: string, init: RequestInit): Promise<number> {
  const response = await fetch(url, init);
  const body = await response.text();
  const told = `${init.method ?? 'GET'} ${url}: ${response.status} ${body.slice(0, 300)}`;
  assert.ok(response.status < 500, told);
  if (response.status >= 400) {
    assert.is(response.headers.get('content-type'), 'application/problem+json', told);
    assert.is(problem.parse(JSON.parse(body)).status, response.status, told);
  } else JSON.parse(body);
  return response.status;
}

function addressOf(path: string, of: string, asked: readonly (readonly [string, string])[]) {
  const parameters = asked.map(([one, other]) => `${encoded(one)}=${encoded(other)}`);
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  return `${path.replace(/:\w+/, encoded(of))}${search}`;
}

test('what is read knows its parameters, and says which it does not', async (context) => {
  const { monitor, headers } = context;
  const routes = context.routes.filter(({ method }) => method === 'GET');
  await fc.assert(
    fc.asyncProperty(route, id, query, async (nr, of, asked) => {
      const path = routes[nr % routes.length]?.path ?? '';
      const status = await isAnswered(`${monitor.url}${addressOf(path, of, asked)}`, { headers });
      const known = PARAMETERS[path] ?? [];
      const names = asked.map(([one]) => Buffer.from(one).toString());
      if (names.some((one) => !known.includes(one)) || new Set(names).size < names.length) {
        assert.ok(status === 400 || status === 422, `${path} with ${names.join()}: ${status}`);
      }
    }),
    RUNS,
  );
});

test('what does something does it for no body that is odd, and takes nothing beside one', async (context) => {
  const { monitor, headers } = context;
  const routes = context.routes.filter(({ method }) => method === 'POST');
  const member = fc.constantFrom(
    ...['consumer', 'all', 'ids', 'key', 'entity', 'errorType', 'edit', 'dryRun', 'force'],
    ...['reason', 'ratePerSecond', 'onlyFailed', '__proto__', 'x'],
  );
  const body = fc.oneof(
    fc.dictionary(member, fc.jsonValue({ maxDepth: 3 })).map((one) => JSON.stringify(one)),
    fc.json(),
    text,
  );
  const type = fc.constantFrom(
    ...['application/json', 'application/json; charset=utf-16', 'text/plain', '', 'a/b;c'],
  );
  const encoding = fc.constantFrom(undefined, undefined, undefined, 'gzip', 'br', 'nothing');
  await fc.assert(
    fc.asyncProperty(route, id, query, body, type, encoding, async (nr, of, asked, ...sent) => {
      const [given, contentType, contentEncoding] = sent;
      const path = routes[nr % routes.length]?.path ?? '';
      const status = await isAnswered(`${monitor.url}${addressOf(path, of, asked)}`, {
        method: 'POST',
        headers: {
          ...headers,
          'content-type': contentType,
          ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
        },
        body: given,
      });
      assert.ok(status >= 400, `${path}: ${status}`);
    }),
    RUNS,
  );
});

test.run();
