// Hostile requests to the monitor: refused in a sentence each time, never a failure of its own.
import { on, once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import { type Api, apiOf, newToken } from '../support/api-client.ts';
import { fromEnvironment } from '../support/environment.ts';
import { type KafkaHarness, openKafkaHarness } from '../support/kafka-harness.ts';
import { connectLive } from '../support/live-client.ts';
import { madeReport } from '../support/made-reports.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { codecAt } from '../support/pipeline-kafka.ts';

interface Context {
  kafka: KafkaHarness;
  monitor: TestMonitor;
  viewer: Api;
  token: string;
  operatorToken: string;
}

const HOSTILE = `<img src=x onerror=alert(1)>'"; drop table monitoring.reports; --`;
const KEYS = [HOSTILE, '100% wool', 'a_b', 'a\\b', 'plain'];
const test = suite<Context>('monitor, hostile');

test.before(async (context) => {
  context.kafka = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const topic = await context.kafka.newTopic({ partitions: 3 });
  const [viewer, operator] = [newToken('vera', 'viewer'), newToken('otto', 'operator')];
  context.monitor = await startTestMonitor({
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
    MONITORING_TOPIC: topic,
    API_TOKENS: `${viewer.setting},${operator.setting}`,
    NODE_OPTIONS: '--max-old-space-size=256',
  });
  context.token = viewer.token;
  context.viewer = apiOf(context.monitor.url, viewer.token);
  context.operatorToken = operator.token;
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const encode = await codec.encoder(MONITORING_EVENT);
  const publisher = createMonitoringPublisher({ producer: context.kafka.producer, encode, topic });
  const reports = KEYS.map((key, nr) =>
    madeReport({
      ...{ eventId: `hostile-${nr}`, topic: HOSTILE, service: HOSTILE, stage: 'failed', key },
      ...{ occurredAtUs: Date.now() * 1000, afterMs: 1, details: { entity: HOSTILE } },
    }),
  );
  await publisher.report(reports);
  codec.close();
  await eventually(
    async () => assert.is((await context.viewer('GET', '/api/events')).body.items.length, 5),
    { timeoutMs: 60_000, what: 'the reports are stored' },
  );
});
test.after(async ({ kafka, monitor }) => {
  await monitor.close();
  await kafka.close();
});

test('without a token nothing is told but whether it lives', async ({ monitor }) => {
  const ask = apiOf(monitor.url);
  const paths = ['events', 'events/hostile-0', 'events/hostile-0/record', 'summary', 'lag'].concat(
    ['series?metric=throughput', 'connectors', 'replication', 'dead-letters', 'consumers'],
    ['alerts', 'audit'],
  );
  for (const path of paths.map((path) => `/api/${path}`).concat('/metrics')) {
    const answer = await fetch(`${monitor.url}${path}`);
    assert.is(answer.status, 401, path);
    assert.is(answer.headers.get('x-content-type-options'), 'nosniff');
    // Failed attempts of an address are limited as well.
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  assert.is((await ask('GET', '/livez')).status, 200);
});

test('a page that is not of this address may not ask, under any host name', async ({
  monitor,
  token,
}) => {
  const authorization = `Bearer ${token}`;
  for (const origin of ['https://elsewhere.example', 'null', 'http://127.0.0.1.evil.example']) {
    const answer = await fetch(`${monitor.url}/api/events`, { headers: { authorization, origin } });
    assert.is(answer.status, 403, origin);
  }
  const open = await startTestMonitor({ MONITORING_DATABASE_URL: monitor.databaseUrl });
  try {
    // The name of a page that led to this machine; `fetch` would not send it.
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      httpRequest(`${open.url}/api/events`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    assert.is(status, 421);
  } finally {
    await open.close();
  }
});

test('odd and huge questions are refused, none fails', async ({ viewer, monitor, token }) => {
  const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused = [
    ...['limit=0', 'limit=1e3', 'limit=0x10', 'limit=-1', 'limit=99999999999', 'limit=NaN'],
    ...['from=yesterday', 'from=Infinity', 'to=99999999999999999999', 'from=2026-13-45T00:00:00Z'],
    ...[`q=${'x'.repeat(101)}`, 'topic=a&topic=b', 'topic[a]=b', '__proto__[x]=1', 'colour=red'],
    'cursor=nonsense',
    ...[
      [1e300, 'a', 1, '1'],
      [1, 'a', 2 ** 40, '1'],
      [1, 'a\u0000', 1, '1'],
      [1, 'a', 1.5, '1'],
      ['1', 'a', 1, '1'],
      [1, { toString: 'x' }, 1, '1'],
      { __proto__: null, length: 4 },
      "1'; drop table monitoring.reports",
    ].map((value) => `cursor=${cursor(value)}`),
  ].map((query) => `/api/events?${query}`);
  refused.push(
    ...['window=-5m', 'window=0', 'window=99999999999d', 'window=__proto__'].map(
      (query) => `/api/summary?${query}`,
    ),
    ...['metric=__proto__', 'metric=latency&step=0', 'metric=latency&from=0&step=10s'].map(
      (query) => `/api/series?${query}`,
    ),
    ...['cursor=1;2', 'limit=-1', 'who=%00'].map((query) => `/api/audit?${query}`),
    `/api/dead-letters?cursor=${cursor(['2026-01-01T00:00:00.000000Z', '1 or 1=1'])}`,
    `/api/dead-letters?cursor=${cursor(['0000-01-01T00:00:00.000000Z', '1'])}`,
    '/api/events?from=2026-02-30T00:00:00Z',
  );
  for (const path of refused) {
    const { status, body } = await viewer('GET', path);
    assert.ok(status === 400 || status === 422, `${path.slice(0, 200)}: ${status}`);
    assert.type(body.detail, 'string');
  }
  const taken = [
    '/api/events?from=999999999999999&to=999999999999999',
    `/api/events?key=${encodeURIComponent('\u0000')}&service=%FF%FE&topic=%E2%80%AE`,
    `/api/events?cursor=${cursor([1, "' or 1=1 --", 1, '%'])}`,
    '/api/events?q=%25%5C_%27%22',
    '/api/summary?window=366d',
  ];
  for (const path of taken) assert.is((await viewer('GET', path)).status, 200, path);
  for (const id of ['%00', '..%2f..%2fetc%2fpasswd', 'x'.repeat(8_000), '%F0%9F%92%A9', "'--"]) {
    assert.is((await viewer('GET', `/api/events/${id}`)).status, 404, id.slice(0, 50));
  }
  const headers = { authorization: `Bearer ${token}` };
  assert.is((await fetch(`${monitor.url}/api/events/%E0%A4%A`, { headers })).status, 400);
  assert.is(
    (await fetch(`${monitor.url}/api/events?q=${'x'.repeat(20_000)}`, { headers })).status,
    431,
  );
  assert.is((await viewer('POST', '/api/events', {})).status, 405);
});

test('wildcards and quotes are letters like others', async ({ viewer }) => {
  const find = async (q: string): Promise<string[]> => {
    const { body } = await viewer('GET', `/api/events?q=${encodeURIComponent(q)}`);
    return body.items.map(({ key }: { key: string }) => key);
  };
  assert.equal(await find('%'), []);
  assert.equal(await find('_'), []);
  assert.equal(await find('100%'), ['100% wool']);
  assert.equal(await find('a_'), ['a_b']);
  assert.equal(await find('a\\'), ['a\\b']);
  assert.equal(await find(HOSTILE.slice(0, 60)), [HOSTILE]);
  const { body } = await viewer('GET', `/api/events?service=${encodeURIComponent(HOSTILE)}`);
  assert.is(body.items.length, KEYS.length);
  assert.is(body.items[0].details.entity, HOSTILE);
});

test('bodies that are none, too large, too deep or full of prototypes', async ({
  monitor,
  viewer,
  operatorToken,
}) => {
  const post = async (body: string, type = 'application/json'): Promise<number> => {
    const answer = await fetch(`${monitor.url}/api/dead-letters/redrive`, {
      method: 'POST',
      headers: { 'content-type': type, authorization: `Bearer ${operatorToken}` },
      body,
    });
    await answer.text();
    return answer.status;
  };
  assert.is(await post('{'), 400);
  assert.is(await post('"text"'), 400);
  assert.is(await post('[]'), 422);
  assert.is(await post('{}', 'text/plain'), 415);
  assert.is(await post(`{"consumer":"catalogue","ids":["${'9'.repeat(26)}"]}`), 422);
  const operator = apiOf(monitor.url, operatorToken);
  for (const name of ['..%2f..%2f', 'a%3fb']) {
    const { status, body } = await operator('POST', `/api/connectors/${name}/restart`);
    assert.equal([status, body.detail], [404, 'There is no such connector'], name);
  }
  assert.is(await post('{"consumer":"unknown","all":true}'), 422);
  assert.is(await post('{"consumer":"catalogue","all":true,"__proto__":{"dryRun":true}}'), 422);
  assert.is(await post('{"consumer":"catalogue","all":true,"constructor":{"x":1}}'), 422);
  assert.is(await post('{"consumer":"catalogue","all":true,"dryrun":true}'), 422);
  assert.is(await post('{"consumer":"catalogue","ids":["1; drop table x"]}'), 422);
  assert.is(await post('{"consumer":["catalogue"],"all":true}'), 422);
  assert.is(await post(`{"consumer":"catalogue","key":"${'x'.repeat(300_000)}"}`), 413);
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  assert.is(await post(`{"consumer":"catalogue","all":true,"x":${deep}}`), 422);
  assert.equal((await viewer('GET', '/api/audit')).body.items, [], 'nothing of it was begun');
});

test('guesses of a token are limited by socket as by request', async ({ monitor }) => {
  const guess = async (nr: number): Promise<string> => {
    const socket = new WebSocket(
      `${monitor.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    await once(socket, 'open');
    socket.send(`40${JSON.stringify({ token: `guess-${nr}` })}`);
    // A busy monitor may cut it before it has answered.
    for await (const [message] of on(socket, 'message', { close: ['close'] })) {
      if (!String(message).startsWith('44')) continue;
      socket.terminate();
      return String(message);
    }
    return '';
  };
  const answers = await Promise.all(Array.from({ length: 200 }, (_, nr) => guess(nr)));
  assert.ok(answers.some((answer) => answer.includes('More than 20 in a second')));
});

test('sockets: floods, forged cursors and messages that are none', async ({ monitor, token }) => {
  const { url } = monitor;
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(
      `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`,
    );
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(`40${JSON.stringify({ token })}`);
    await once(socket, 'message');
    return socket;
  };
  const client = await connectLive({ url, filter: {}, token });
  const flood = await open();
  const subscribe = (filter: object, since: string | null) =>
    `42${JSON.stringify(['subscribe', { filter, since }])}`;
  for (let nr = 0; nr < 5_000; nr += 1) {
    flood.send(subscribe({ text: `${nr}` }, `1.${'zzzzzzzzzzzzz.'.repeat(1_000)}0`));
    flood.send('42["received",-1]');
    flood.send('42["received",1e308]');
    flood.send('42["nothing",{}]');
  }
  flood.send('42["subscribe"]');
  flood.send('42["subscribe",{"filter":{"__proto__":{"x":1},"key":{"$gt":""}},"since":null}]');
  flood.send('451-["subscribe",{"_placeholder":true,"num":0}]');
  flood.send('40/admin,');
  const large = await open();
  const closed = once(large, 'close');
  large.send(`42["subscribe","${'x'.repeat(100_000)}"]`);
  await closed;
  const broken = await open();
  const ended = once(broken, 'close');
  broken.send('42{{{{');
  await ended;

  await client.subscribe({ key: 'plain' }, null);
  await eventually(() => client.summaries.length > 2, { what: 'others are served as before' });
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => client.subscribe({}, null).then(() => 'taken', String)),
  );
  assert.ok(
    answers.some((answer) => answer.includes('too many subscriptions')),
    answers.join(),
  );
  flood.terminate();
  client.close();
  const again = await connectLive({ url, filter: {}, token });
  again.close();
  assert.is((await fetch(`${url}/livez`)).status, 200);
});

test.run();
