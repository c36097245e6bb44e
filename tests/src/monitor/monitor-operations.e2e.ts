// What people do to the pipeline through the monitor: each needs its role, is done by the consumer itself, and is kept.
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Api, apiOf, newToken } from '../support/api-client.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';

interface Context {
  harness: ProbeHarness;
  monitor: TestMonitor;
  viewer: Api;
  publisher: Api;
  operator: Api;
}

const HOSTILE = '<img src=x onerror=alert(1)>';
const test = suite<Context>('operations');

test.before(async (context) => {
  const harness = await openProbeHarness();
  const [viewer, publisher, operator] = [
    newToken('vera', 'viewer'),
    newToken('paul', 'publisher'),
    newToken('otto', 'operator'),
  ];
  const monitor = await startTestMonitor({
    CONSUMERS_DATABASE_URL: harness.databaseUrl,
    CONSUMER_GROUPS: harness.name,
    TOPIC_PREFIX: harness.name,
    API_TOKENS: [viewer, publisher, operator].map(({ setting }) => setting).join(','),
  });
  context.harness = harness;
  context.monitor = monitor;
  context.viewer = apiOf(monitor.url, viewer.token);
  context.publisher = apiOf(monitor.url, publisher.token);
  context.operator = apiOf(monitor.url, operator.token);
  for (const key of ['K-1', 'K-2', HOSTILE]) await harness.fault(key, 'fails');
  await harness.start();
  await harness.write([
    { key: 'K-1', version: 1 },
    { key: 'K-2', version: 1 },
    { key: HOSTILE, version: 1 },
    { key: 'K-1', version: 2 },
  ]);
  await eventually(async () => assert.is((await harness.parkedKeys()).length, 3), {
    timeoutMs: 30_000,
    what: 'three keys are parked',
  });
});
test.after(async ({ harness, monitor }) => {
  await monitor.close();
  await harness.close();
});

test('each operation needs the operator, and looking needs a token', async ({
  monitor,
  viewer,
  publisher,
  operator,
  harness,
}) => {
  const paths = [
    '/api/dead-letters/1/redrive',
    '/api/dead-letters/1/discard',
    '/api/dead-letters/redrive',
    '/api/dead-letters/discard',
    `/api/consumers/${harness.name}/pause`,
    `/api/consumers/${harness.name}/resume`,
  ];
  for (const path of paths) {
    assert.is((await apiOf(monitor.url)('POST', path, {})).status, 401, path);
    assert.is((await viewer('POST', path, {})).status, 403, path);
    assert.is((await publisher('POST', path, {})).status, 403, path);
  }
  for (const path of ['/api/dead-letters', '/api/consumers', '/api/audit']) {
    assert.is((await apiOf(monitor.url)('GET', path)).status, 401, path);
    assert.is((await viewer('GET', path)).status, 200, path);
  }
  assert.equal((await operator('GET', '/api/audit')).body.items, [], 'what is refused is not done');
});

test('dead letters are listed page by page, and inspected with what their records say', async ({
  viewer,
  harness,
}) => {
  const keys: string[] = [];
  let path = '/api/dead-letters?limit=2';
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await viewer('GET', `${path}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    for (const { key } of body.items) keys.push(key);
    cursor = body.nextCursor;
  }
  assert.equal(keys.sort(), [HOSTILE, 'K-1', 'K-2'].sort());
  path = `/api/dead-letters?key=${encodeURIComponent(HOSTILE)}`;
  const [hostile] = (await viewer('GET', path)).body.items;
  assert.is(hostile.key, HOSTILE);
  const [letter] = (await viewer('GET', '/api/dead-letters?key=K-1')).body.items;
  assert.equal(
    [letter.consumer, letter.entity, letter.waiting, letter.errorType, letter.topic],
    [harness.name, 'products', 2, 'TypeError', harness.topic],
  );
  const { body } = await viewer('GET', `/api/dead-letters/${letter.id}`);
  assert.equal(
    body.records.map(({ op, after, unreadable }: Record<string, unknown>) => [
      op,
      after,
      unreadable,
    ]),
    [
      ['update', { product_id: 'K-1', name: null, stock_quantity: 1 }, null],
      ['update', { product_id: 'K-1', name: null, stock_quantity: 2 }, null],
    ],
  );
  assert.is((await viewer('GET', '/api/dead-letters/999999')).status, 404);
  assert.is((await viewer('GET', '/api/dead-letters?cursor=nonsense')).status, 400);
  assert.is((await viewer('GET', '/api/dead-letters?limit=0')).status, 422);
  assert.is((await viewer('GET', '/api/dead-letters?key=%00')).status, 422);
});

test('one is edited and redriven, one is discarded, the rest redriven together', async ({
  viewer,
  operator,
  harness,
}) => {
  const idOf = async (key: string): Promise<string> =>
    (await viewer('GET', `/api/dead-letters?key=${encodeURIComponent(key)}`)).body.items[0]?.id;
  const first = await idOf('K-1');
  const ofKey = await operator('POST', `/api/dead-letters/${first}/redrive`, {
    edit: { product_id: 'K-9' },
  });
  assert.is(ofKey.status, 409);
  assert.match(ofKey.body.detail, /product_id is the row's key/);

  const edited = await operator('POST', `/api/dead-letters/${first}/redrive`, {
    edit: { name: 'edited' },
  });
  assert.equal([edited.status, edited.body.done], [200, 1]);
  await harness.reached([{ key: 'K-1', version: 1 }]);
  assert.is((await harness.effects('K-1'))[0]?.note, 'edited');

  assert.is(
    (await operator('POST', `/api/dead-letters/${await idOf(HOSTILE)}/discard`, {})).status,
    422,
  );
  const discarded = await operator('POST', `/api/dead-letters/${await idOf(HOSTILE)}/discard`, {
    reason: HOSTILE,
  });
  assert.equal([discarded.status, discarded.body.done], [200, 1]);

  const all = { consumer: harness.name, all: true };
  assert.is(
    (await operator('POST', '/api/dead-letters/redrive', { consumer: harness.name })).status,
    422,
  );
  assert.is((await operator('POST', '/api/dead-letters/redrive', { all: true })).status, 422);
  const dry = await operator('POST', '/api/dead-letters/redrive', { ...all, dryRun: true });
  assert.is(dry.body.matched, 2, 'a dry run says what it would do');
  // Only now: mended, they would take effect by their next retry, with nothing left to match.
  await harness.remedy('K-1');
  await harness.remedy('K-2');
  assert.is((await operator('POST', '/api/dead-letters/redrive', all)).status, 200);
  await harness.reached([
    { key: 'K-1', version: 2 },
    { key: 'K-2', version: 1 },
  ]);
  await eventually(
    async () => assert.equal((await viewer('GET', '/api/dead-letters')).body.items, []),
    { what: 'nothing waits' },
  );
});

test('many are discarded together, with a reason, and what waits behind each goes on', async ({
  viewer,
  operator,
  harness,
}) => {
  const keys = ['D-1', 'D-2', 'D-3'];
  for (const key of keys) await harness.fault(key, 'fails');
  await harness.write(keys.map((key) => ({ key, version: 1 })));
  await eventually(async () => assert.is((await harness.parkedKeys()).length, 3), {
    timeoutMs: 30_000,
    what: 'three keys are parked',
  });
  await harness.write([{ key: 'D-1', version: 2 }]);
  await eventually(
    async () =>
      assert.equal(
        (await harness.parkedKeys()).map(({ waiting }) => waiting),
        [2, 1, 1],
      ),
    { what: 'a change waits behind the first' },
  );
  const idsOf = async (): Promise<string[]> =>
    (await viewer('GET', '/api/dead-letters')).body.items.map(({ id }: { id: string }) => id);
  const ids = await idsOf();
  const { name: consumer } = harness;
  const path = '/api/dead-letters/discard';
  for (const [body, why] of [
    [{ consumer, ids }, 'no reason'],
    [{ consumer, ids, reason: '  ' }, 'an empty one'],
    [{ consumer, reason: 'a test' }, 'nothing is chosen'],
    [{ consumer, reason: 'a test', all: true, dryrun: true }, 'a misspelt dry run'],
    [{ consumer: 'unknown', reason: 'a test', all: true }, 'no such consumer'],
  ] as const) {
    assert.is((await operator('POST', path, body)).status, 422, why);
  }
  const chosen = { consumer, errorType: 'TypeError', reason: 'test data' };
  const dry = await operator('POST', path, { ...chosen, dryRun: true });
  assert.equal([dry.status, dry.body.matched, dry.body.done], [200, 3, 3]);
  assert.equal(await idsOf(), ids, 'a dry run discards nothing');

  const done = await operator('POST', path, chosen);
  assert.equal([done.status, done.body.done], [200, 3]);
  await harness.remedy('D-1');
  await harness.reached([{ key: 'D-1', version: 2 }]);
  await eventually(async () => assert.equal(await idsOf(), []), { what: 'nothing waits' });
  assert.is((await harness.effects('D-2')).length, 0);
  const [deed] = (await viewer('GET', '/api/audit?action=discard&limit=1')).body.items;
  assert.equal([deed.who, deed.target, deed.request.reason], ['otto', consumer, 'test data']);
});

test('a consumer is paused and goes on', async ({ viewer, operator, harness }) => {
  const of = `/api/consumers/${harness.name}`;
  assert.is((await operator('POST', '/api/consumers/unknown/pause', { reason: 'x' })).status, 404);
  assert.is((await operator('POST', `${of}/pause`, {})).status, 422);
  assert.is((await operator('POST', `${of}/pause`, { reason: 'a test' })).status, 200);
  await harness.untilPaused();
  const [paused] = (await viewer('GET', '/api/consumers')).body.items;
  assert.equal([paused.paused.reason, paused.paused.pausedBy], ['a test', 'otto']);
  assert.is((await operator('POST', `${of}/resume`)).status, 200);
  await harness.write([{ key: 'K-5', version: 1 }]);
  await harness.reached([{ key: 'K-5', version: 1 }]);
});

test('without a process that hosts the consumer nothing is done, and people are told what to do', async ({
  viewer,
  operator,
  harness,
}) => {
  await harness.stopAll();
  const answer = await operator('POST', `/api/consumers/${harness.name}/pause`, {
    reason: 'a test',
  });
  assert.is(answer.status, 503);
  assert.match(answer.body.detail, /No process hosts the consumer .*: nothing was done\. Start it/);
  await harness.start();
  await harness.write([{ key: 'K-6', version: 1 }]);
  await harness.reached([{ key: 'K-6', version: 1 }]);
  const [consumer] = (await viewer('GET', '/api/consumers')).body.items;
  assert.is(consumer.paused, null, 'nor is it done later');
});

test('who did what and what came of it is kept, the newest first', async ({ viewer, harness }) => {
  const { body } = await viewer('GET', '/api/audit?limit=100');
  assert.equal(
    body.items.map(({ who, action, outcome }: Record<string, string>) => [who, action, outcome]),
    [
      ['otto', 'consumer.pause', 'failed'],
      ['otto', 'consumer.resume', 'done'],
      ['otto', 'consumer.pause', 'done'],
      ['otto', 'discard', 'done'],
      ['otto', 'discard', 'done'],
      ['otto', 'redrive', 'done'],
      ['otto', 'redrive', 'done'],
      ['otto', 'discard', 'done'],
      ['otto', 'redrive', 'done'],
      ['otto', 'redrive', 'failed'],
    ],
  );
  const discard = body.items.find(
    ({ request }: { request: { reason?: string } }) => request.reason === HOSTILE,
  );
  assert.is(discard.action, 'discard');
  assert.match(discard.target, new RegExp(`^${harness.name}/\\d+$`));
  assert.ok(discard.endedAt >= discard.begunAt);
  const page = await viewer('GET', '/api/audit?limit=3');
  const next = await viewer('GET', `/api/audit?limit=100&cursor=${page.body.nextCursor}`);
  assert.equal([...page.body.items, ...next.body.items], body.items);
});

test.run();
