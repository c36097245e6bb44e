// What goes wrong on purpose fires the right alert, tells the webhook, and is resolved once it is mended.
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type AlertReceiver, openAlertReceiver } from '../support/alert-receiver.ts';
import { type Api, apiOf } from '../support/api-client.ts';
import { fromEnvironment } from '../support/environment.ts';
import { connectLive } from '../support/live-client.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { openProbeHarness, type ProbeHarness } from '../support/probe/harness.ts';

interface Context {
  harness: ProbeHarness;
  receiver: AlertReceiver;
  monitor: TestMonitor;
  second: TestMonitor;
  api: Api;
}

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const FIRES_MS = 120_000;
const test = suite<Context>('source and alerts');
const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
const products = createPool({
  url: fromEnvironment('PRODUCTS_DATABASE_URL'),
  max: 1,
  applicationName: 'test',
  log: silentLogger(),
});

test.before(async (context) => {
  context.harness = await openProbeHarness();
  const slot = context.harness.name;
  await makeSlot(slot);
  context.receiver = await openAlertReceiver(SECRET);
  const settings = {
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
    CONSUMERS_DATABASE_URL: context.harness.databaseUrl,
    CONSUMER_GROUPS: context.harness.name,
    REPLICATION_SLOT: slot,
    ALERT_AFTER_SECONDS: '1',
    ALERT_WEBHOOK_URL: context.receiver.url,
    ALERT_WEBHOOK_SECRET: SECRET,
  };
  await context.harness.start();
  context.monitor = await startTestMonitor(settings);
  context.second = await startTestMonitor({
    ...settings,
    MONITORING_DATABASE_URL: context.monitor.databaseUrl,
  });
  context.api = apiOf(context.monitor.url);
});
test.after(async ({ harness, receiver, monitor, second }) => {
  await connect.remove(harness.name).catch(() => {});
  await second.close();
  await monitor.close();
  await receiver.close();
  await products.query(
    'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1',
    [harness.name],
  );
  await products.end();
  await harness.close();
});

/** A slot waits for every transaction of the whole server that is open, also for those of the tests beside this one. */
async function makeSlot(name: string): Promise<void> {
  await eventually(
    () => products.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name]),
    { timeoutMs: 240_000, what: 'a replication slot' },
  );
}

/** Waits until an alert of this test's own is in a state, everywhere that shows it. */
async function untilAlert(
  { api, second, receiver }: Context,
  name: string,
  subject: string,
  state: 'firing' | 'resolved',
): Promise<{ summary: string; remedy: string | null; runbook: string }> {
  return await eventually(
    async () => {
      for (const ask of [api, apiOf(second.url)]) {
        const { body } = await ask('GET', '/api/alerts');
        const found = body.items.find(
          (alert: Record<string, string>) => alert.name === name && alert.subject === subject,
        );
        assert.is(found?.state, state, JSON.stringify(body.items));
      }
      const told = receiver.received.filter(
        ({ data }) => data.name === name && data.subject === subject,
      );
      assert.is(told.at(-1)?.type, `alert.${state}`);
      return told.at(-1)?.data ?? false;
    },
    { timeoutMs: FIRES_MS, intervalMs: 200, what: `${name} of ${subject} ${state}` },
  );
}

test('connectors and the slot are shown, with their tasks and sizes', async ({ api, harness }) => {
  const { items } = (await api('GET', '/api/connectors')).body;
  const own = items.find(({ name }: { name: string }) => name === CONNECTOR);
  assert.is(own.state, 'RUNNING');
  assert.is(own.tasks.length, 1);
  const { body } = await api('GET', '/api/replication');
  assert.equal([body.slotName, body.slot.active], [harness.name, false]);
  assert.match(body.slot.retainedWalBytes, /^\d+$/);
  assert.ok(body.heartbeatAgeMs >= 0);
});

test('a consumer that was stopped is missed, and found again', async (context) => {
  const { harness } = context;
  const live = await connectLive({ url: context.monitor.url, filter: {} });
  // The process of `before` ends; the group has no member then.
  await harness.stopAll();
  const alert = await untilAlert(context, 'ConsumerSilent', harness.name, 'firing');
  assert.match(alert.summary, /No process consumes/);
  assert.is(alert.runbook, 'docs/runbook.md#consumersilent');
  await eventually(
    () =>
      live.healths
        .at(-1)
        ?.alerts.some(({ name, state }) => name === 'ConsumerSilent' && state === 'firing') ??
      false,
    { timeoutMs: FIRES_MS, what: 'the alert, live' },
  );
  live.close();
  await harness.start();
  await untilAlert(context, 'ConsumerSilent', harness.name, 'resolved');
});

test('a task that fails is restarted by itself, and people are told; who deletes it is told that it is over', async (context) => {
  const { harness, api } = context;
  const config = await connect.config(CONNECTOR);
  assert.ok(config);
  await connect.putConfig(harness.name, {
    ...config,
    name: harness.name,
    'text.type': 'no.such.Converter', // the name of ours in connectors/products.json
    'slot.name': harness.name,
    'topic.prefix': harness.name,
    'snapshot.mode': 'no_data',
    'errors.max.retries': '0',
  });
  const alert = await untilAlert(context, 'TaskFailed', harness.name, 'firing');
  assert.match(alert.summary, /has failed/);
  await eventually(
    async () => {
      const { items } = (await api('GET', '/api/audit?who=monitor')).body;
      assert.ok(items.some(({ target }: { target: string }) => target === harness.name));
    },
    { timeoutMs: FIRES_MS, what: 'a restart by the monitor' },
  );
  const restarted = await api('POST', `/api/connectors/${harness.name}/restart`, {});
  assert.is(restarted.status, 200);
  assert.is((await api('POST', `/api/connectors/${harness.name}/pause`)).status, 200);
  assert.is((await api('POST', `/api/connectors/${harness.name}/resume`)).status, 200);
  assert.is((await api('POST', '/api/connectors/none/restart')).status, 404);
  await connect.remove(harness.name);
  await untilAlert(context, 'TaskFailed', harness.name, 'resolved');
});

test('a slot that is gone is a loud alert that names the recovery', async (context) => {
  const slot = context.harness.name;
  await products.query('select pg_drop_replication_slot($1)', [slot]);
  const alert = await untilAlert(context, 'SlotLost', slot, 'firing');
  assert.match(alert.remedy ?? '', /make resync/);
  await makeSlot(slot);
  await untilAlert(context, 'SlotLost', slot, 'resolved');
});

test('each alert was told once, by one of the two monitors', ({ receiver }) => {
  const told = receiver.received.map(({ id }) => id);
  assert.is(new Set(told).size, told.length);
  const transitions = receiver.received.map(
    ({ type, data }) => `${type} ${data.name} ${data.subject} ${data.sinceMs}`,
  );
  assert.is(new Set(transitions).size, transitions.length);
  assert.equal(receiver.forged, []);
});

test.run();
