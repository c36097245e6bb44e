// The alerts of a consumer, a connector and a monitor of this test's own fire within seconds at the default settings
// and are resolved after the recovery.
import { randomBytes } from 'node:crypto';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { waitUntilRunning } from '@shelfcast/connect-config/wait-until';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Api, apiOf } from '../support/api-client.ts';
import { shown } from '../support/await-alert.ts';
import { fromEnvironment } from '../support/environment.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';

interface Context extends Pipeline {
  harness: ProbeHarness;
  monitor: TestMonitor;
  api: Api;
}

const test = suite<Context>('alerts for real');
const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
const LARGE = 'A-large';

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.harness = await openProbeHarness();
  await context.harness.start();
  context.monitor = await startTestMonitor({
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
    CONSUMERS_DATABASE_URL: context.harness.databaseUrl,
    CONSUMER_GROUPS: context.harness.name,
    // What a test can wait for; how long something has to be so before it fires is the default.
    ALERT_LAG_SECONDS: '5',
    ALERT_RECORD_PERCENT: '1',
  });
  context.api = apiOf(context.monitor.url);
});
test.after(async ({ harness, monitor, products, close }) => {
  await products.query('delete from products where product_id = $1', [LARGE]);
  await connect.remove(harness.name).catch(() => {});
  await monitor.close();
  await harness.close();
  await close();
});

test('a record near the limit', async (context) => {
  const since = performance.now();
  await context.products.query(
    `insert into products (product_id, name, price, description) values ($1, 'Large', 1, $2)`,
    [LARGE, randomBytes(150_000).toString('hex')],
  );
  const topic = cdcTopic({ schema: 'public', table: 'products' });
  const { summary } = await shown(context, 'RecordNearLimit', topic, 'firing', since);
  assert.match(summary, 'stops the connector');
});

test('failures, and keys that wait for people', async (context) => {
  const { harness, api } = context;
  const bad = Array.from({ length: 8 }, (_, nr) => `bad-${nr}`);
  for (const key of bad) await harness.fault(key, 'fails');
  await harness.write(
    Array.from({ length: 60 }, (_, nr) => ({ key: `good-${nr % 20}`, version: nr + 1 })),
  );
  const since = performance.now();
  await harness.write(bad.map((key) => ({ key, version: 1 })));
  await shown(context, 'ConsumerErrors', harness.name, 'firing', since);
  await eventually(
    async () => assert.ok((await harness.parkedKeys()).some(({ state }) => state === 'dead')),
    { timeoutMs: 120_000, intervalMs: 100, what: 'a key that was tried to the end' },
  );
  await shown(context, 'DeadLetters', harness.name, 'firing', performance.now());
  for (const key of bad) await harness.remedy(key);
  const mended = performance.now();
  await eventually(
    async () => assert.ok((await harness.parkedKeys()).every(({ state }) => state === 'dead')),
    { timeoutMs: 120_000, intervalMs: 100, what: 'the others are through, or given up as well' },
  );
  const redrive = { consumer: harness.name, all: true };
  assert.is((await api('POST', '/api/dead-letters/redrive', redrive)).status, 200);
  await harness.reached(bad.map((key) => ({ key, version: 1 })));
  await shown(context, 'DeadLetters', harness.name, 'resolved', performance.now());
  await shown(context, 'ConsumerErrors', harness.name, 'resolved', mended);
});

test('a consumer that is paused falls behind', async (context) => {
  const { harness, api } = context;
  const of = `/api/consumers/${harness.name}`;
  assert.is((await api('POST', `${of}/pause`, { reason: 'a test' })).status, 200);
  await harness.untilPaused();
  await harness.write([{ key: 'late', version: 1 }]);
  const late = performance.now() + 5_000;
  const { summary } = await shown(context, 'ConsumerLag', harness.name, 'firing', late);
  assert.match(summary, /behind in \S+\[\d+\]; 1 records wait/);
  assert.is((await api('POST', `${of}/resume`)).status, 200);
  await harness.reached([{ key: 'late', version: 1 }]);
  await shown(context, 'ConsumerLag', harness.name, 'resolved', performance.now());
});

test('a consumer that was stopped', async (context) => {
  const { harness } = context;
  await harness.stopAll();
  await shown(context, 'ConsumerSilent', harness.name, 'firing', performance.now());
  await harness.start();
  await shown(context, 'ConsumerSilent', harness.name, 'resolved', performance.now());
});

test('a task that fails, until its setting is mended', async (context) => {
  const { name } = context.harness;
  const config = await connect.config(CONNECTOR);
  assert.ok(config);
  const { 'heartbeat.action.query': _, ...others } = config;
  const own = {
    ...others,
    ...{ name, 'slot.name': name, 'topic.prefix': name, 'slot.drop.on.stop': 'true' },
    ...{ 'snapshot.mode': 'no_data', 'errors.max.retries': '0' },
  };
  await connect.putConfig(name, { ...own, 'publication.name': 'none_such' });
  await eventually(async () => assert.is((await connect.status(name))?.tasks[0]?.state, 'FAILED'), {
    timeoutMs: 60_000,
    intervalMs: 100,
    what: 'the task fails',
  });
  await shown(context, 'TaskFailed', name, 'firing', performance.now());
  await connect.putConfig(name, own);
  await waitUntilRunning({ client: connect, connector: name });
  await shown(context, 'TaskFailed', name, 'resolved', performance.now());
  await connect.remove(name);
});

test.run();
