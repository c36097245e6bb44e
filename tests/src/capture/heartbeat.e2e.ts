// A heartbeat that goes all the way: with the connector's producer held up by one record it goes stale, an alert names the
// topic, and the command that it names heals. What anybody can write to the database holds up nothing.
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR, SLOT } from '@shelfcast/connect-config/context';
import { heartbeatTopic } from '@shelfcast/connect-config/internals/heartbeat';
import { INCLUDE_LIST } from '@shelfcast/connect-config/internals/include-list';
import { waitUntilRunning } from '@shelfcast/connect-config/wait-until';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apiOf } from '../support/api-client.ts';
import { shown } from '../support/await-alert.ts';
import { fromEnvironment } from '../support/environment.ts';
import { doctorIsGreen, foundByDoctor, heal } from '../support/heal.ts';
import { stackMonitorUrl } from '../support/monitor.ts';
import { assertMirrored, connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { kafkaAt } from '../support/pipeline-kafka.ts';
import { runCommand } from '../support/run-command.ts';

interface Context extends Pipeline {
  /** The stack's own, at the default settings. */
  monitor: { readonly url: string };
  admin: KafkaAdmin;
}

const test = suite<Context>('heartbeat');
const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
const BY_HAND = 'added_by_hand';
const topic = cdcTopic({ schema: 'public', table: BY_HAND });

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.admin = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createAdmin();
  context.monitor = { url: stackMonitorUrl() };
});
test.after(async ({ admin, products, close }) => {
  await products.query(`drop table if exists ${BY_HAND}, public."Countries"`);
  await runCommand('make connector-register');
  await admin.close();
  await close();
});

/** Waits for the next heartbeat in Kafka: nothing that was written before it holds anything up. */
async function nextHeartbeat(admin: KafkaAdmin): Promise<void> {
  const end = async () => (await admin.highWatermarks(heartbeatTopic('pis'))).get(0) ?? 0n;
  const before = await end();
  // The first may have been written before.
  await eventually(async () => assert.ok((await end()) >= before + 2n), {
    timeoutMs: 60_000,
    intervalMs: 200,
    what: 'heartbeats arrive in Kafka',
  });
}

test('logical messages of other programs hold up nothing, transactional or not, with any prefix', async ({
  products,
  admin,
}) => {
  for (const prefix of ['outbox', '', 'two\nlines', 'a,b', 'Ünïcode']) {
    for (const isTransactional of [true, false]) {
      await products.query(`select pg_logical_emit_message($1, $2, '{}')`, [
        isTransactional,
        prefix,
      ]);
    }
  }
  await nextHeartbeat(admin);
  assert.equal(await admin.describeTopics(['pis.message']), []);
});

test('a published table whose name differs from a captured one by case holds up nothing', async ({
  products,
  admin,
}) => {
  await products.query(`create table public."Countries" (country_id text primary key);
    alter publication shelfcast add table public."Countries";
    insert into public."Countries" values ('XX')`);
  await nextHeartbeat(admin);
  await products.query('drop table public."Countries"');
});

test('the age of the heartbeat is its broker’s, wherever replication is shown', async ({
  monitor,
}) => {
  const ask = apiOf(monitor.url);
  await eventually(
    async () => {
      const { body } = await ask('GET', '/api/replication');
      assert.ok(body.heartbeatAgeMs < 15_000, JSON.stringify(body));
      assert.ok(body.heartbeatWrittenAgeMs < 15_000, JSON.stringify(body));
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'a young heartbeat' },
  );
  const { status, output } = await runCommand('make connector-status');
  assert.is(status, 0, output);
  assert.match(output, /heartbeat written \d+\.\d s ago, arrived \d+\.\d s ago/);
  const metrics = await (await fetch(`${monitor.url}/metrics`)).text();
  assert.match(metrics, /^shelfcast_heartbeat_age_seconds \d/m);
});

test('a record for a topic that nothing declared: the heartbeat goes stale, and the alert names the topic', async (context) => {
  const { products, monitor } = context;
  await products.query(`create table ${BY_HAND} (id int primary key);
    grant select on ${BY_HAND} to debezium;
    alter publication shelfcast add table ${BY_HAND}`);
  const config = await connect.config(CONNECTOR);
  assert.ok(config);
  const list = `${config?.[INCLUDE_LIST]},public\\.${BY_HAND}`;
  await connect.putConfig(CONNECTOR, { ...config, [INCLUDE_LIST]: list });
  await waitUntilRunning({ client: connect, connector: CONNECTOR });
  await products.query(`insert into ${BY_HAND} values (1)`);
  const since = performance.now();
  await products.query(`update countries set manager = 'behind it'`);

  const missing = await shown(context, 'TopicMissing', topic, 'firing', since);
  const stale = await shown(context, 'NoHeartbeat', SLOT, 'firing', since);
  assert.match(stale.summary, /no change arrives/);
  assert.match(stale.summary, topic);
  const { body } = await apiOf(monitor.url)('GET', '/api/replication');
  assert.ok(body.heartbeatAgeMs > 15_000, 'where it arrives');
  assert.ok(body.heartbeatWrittenAgeMs < 15_000, 'where it is written');
  const status = await runCommand('make connector-status');
  assert.is(status.status, 2, 'connector-status says so as well');
  assert.match(status.output, topic);
  const finding = await foundByDoctor('heartbeat', /no change arrives/);
  assert.is(finding.remedy, stale.remedy, 'one remedy everywhere');
  assert.is(missing.remedy, stale.remedy);

  await heal(stale.remedy);

  const mended = performance.now();
  await shown(context, 'NoHeartbeat', SLOT, 'resolved', mended);
  await shown(context, 'TopicMissing', topic, 'resolved', mended);
  await assertMirrored(context);
  await products.query(`drop table ${BY_HAND}`);
  await doctorIsGreen();
});

test('our own tables are dropped, altered or held back: other tables flow, and one command makes them again', async (context) => {
  const { admin, products } = context;
  const [heartbeat, signal] = ['shelfcast.heartbeat', 'shelfcast.signal'];
  const batches = [
    {
      sql: `drop table ${heartbeat}; alter table ${signal} add column sender text not null default 'x'`,
      summary: [/is gone/, /has other columns/],
    },
    {
      sql: `create function shelfcast.keep() returns trigger language plpgsql as 'begin return null; end';
        create trigger keep before update on ${heartbeat} for each row execute function shelfcast.keep();
        drop table ${signal}`,
      summary: [/has a trigger keep/, /is gone/],
    },
  ];
  for (const { sql, summary } of batches) {
    await products.query(sql);
    const since = performance.now();
    const alerts = [];
    for (const [nr, table] of [heartbeat, signal].entries()) {
      const alert = await shown(context, 'TableChanged', table, 'firing', since);
      assert.match(alert.summary, summary[nr] ?? /never/);
      assert.is((await foundByDoctor('own-tables', summary[nr] ?? /never/)).remedy, alert.remedy);
      alerts.push(alert);
    }
    assert.ok(performance.now() - since <= 30_000, 'within 30 s');
    await products.query(`update countries set manager = 'beside what is broken'`);
    await assertMirrored(context);

    await heal(alerts[0]?.remedy);

    await nextHeartbeat(admin);
    await heal('make connector-snapshot TABLE=public.countries');
    await doctorIsGreen();
  }
  await products.query('drop function shelfcast.keep');
});

test('settings of the role and the database hold up neither stream nor snapshots', async (context) => {
  const { admin, products } = context;
  const settings = {
    default_transaction_read_only: 'on',
    default_transaction_isolation: 'serializable',
    statement_timeout: '1ms',
    lock_timeout: '1ms',
    transaction_timeout: '1s',
    idle_session_timeout: '1s',
    idle_in_transaction_session_timeout: '1ms',
    search_path: 'nowhere',
    row_security: 'on',
    bytea_output: 'escape',
    timezone: 'Asia/Kolkata',
  };
  const set = (how: (name: string, value: string) => string) =>
    products.query(
      Object.entries(settings)
        .map(([name, value]) => how(name, value))
        .join('; '),
    );
  await set((name, value) => `alter role debezium set ${name} = '${value}'`);
  try {
    await heal('make connector-restart');
    await nextHeartbeat(admin);
    await heal('make connector-snapshot TABLE=public.countries');
    await assertMirrored(context);
    await doctorIsGreen();
  } finally {
    await set((name) => `alter role debezium reset ${name}`);
  }
});

test('the topic of a captured table is deleted by hand', async (context) => {
  const { admin, products } = context;
  const lost = cdcTopic({ schema: 'public', table: 'countries' });
  await admin.deleteTopics([lost]);
  const since = performance.now();
  const { remedy, summary } = await shown(context, 'TopicMissing', lost, 'firing', since);
  assert.match(summary, 'public.countries');
  await products.query(`update countries set manager = 'into nothing'`);

  await heal(remedy);

  await shown(context, 'TopicMissing', lost, 'resolved', performance.now());
  await assertMirrored(context);
  await doctorIsGreen();
});

test.run();
