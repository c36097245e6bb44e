// The stack's own connector cannot write, and the budget of its slot is used up: the alerts fire within seconds at the
// default settings, and are resolved after the recovery.
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR, SLOT } from '@shelfcast/connect-config/context';
import { waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import type pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../support/await-alert.ts';
import { fromEnvironment } from '../support/environment.ts';
import { makeResync } from '../support/make-resync.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { assertMirrored, connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { connectSuperuser } from '../support/superuser.ts';

interface Context extends Pipeline {
  monitor: TestMonitor;
  /** A superuser's connection, for the server's settings and its WAL. */
  server: pg.Client;
}

const test = suite<Context>('alerts of the source');
const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
/** Four segments of WAL. */
const WAL_LIMIT_MB = 64;

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.server = await connectSuperuser();
  // What a test can wait for; how long something has to be so before it fires is the default.
  context.monitor = await startTestMonitor({
    KAFKA_CONNECT_URL: fromEnvironment('KAFKA_CONNECT_URL'),
    ALERT_HEARTBEAT_SECONDS: '8',
  });
});
test.after(async ({ monitor, server, close }) => {
  await server.query('alter system reset max_slot_wal_keep_size');
  await server.query('select pg_reload_conf()');
  await server.end();
  await monitor.close();
  await close();
});

test('a connector that cannot write its heartbeat', async (context) => {
  const { server } = context;
  await server.query('revoke update on shelfcast.heartbeat from debezium');
  const late = performance.now() + 8_000;
  try {
    const { remedy } = await shown(context, 'NoHeartbeat', SLOT, 'firing', late);
    assert.match(remedy ?? '', 'connector-restart');
  } finally {
    await server.query('grant update on shelfcast.heartbeat to debezium');
  }
  await shown(context, 'NoHeartbeat', SLOT, 'resolved', performance.now());
});

test('a slot that keeps more and more WAL, until Postgres takes it away; a resync brings it back', async (context) => {
  const { server } = context;
  await server.query(`alter system set max_slot_wal_keep_size = '${WAL_LIMIT_MB}MB'`);
  await server.query('select pg_reload_conf()');
  await connect.stop(CONNECTOR);
  await waitUntilStopped({ client: connect, connector: CONNECTOR });

  await writeWal(server, async () => (await shareUsed(server)) > 0.85);
  const budget = await shown(context, 'SlotBudget', SLOT, 'firing', performance.now());
  assert.match(budget.summary, /is lost (after|at the next)/);

  await writeWal(server, async () => (await shareUsed(server)) >= 1);
  await server.query('checkpoint');
  const lost = await shown(context, 'SlotLost', SLOT, 'firing', performance.now());
  assert.match(lost.summary, 'invalidated');
  assert.match(lost.remedy ?? '', 'make resync');

  await server.query('alter system reset max_slot_wal_keep_size');
  await server.query('select pg_reload_conf()');
  const { status, output } = await makeResync({ YES: '1' });
  assert.is(status, 0, output);
  const mended = performance.now();
  await shown(context, 'SlotLost', SLOT, 'resolved', mended);
  await shown(context, 'SlotBudget', SLOT, 'resolved', mended);
  await assertMirrored(context);
});

/** Of the WAL that the slot may keep: what it keeps. 1: it is lost at the next checkpoint. */
async function shareUsed(server: pg.Client): Promise<number> {
  const { rows } = await server.query<{ share: number }>(
    `select case when wal_status in ('unreserved', 'lost') then 1 else kept / (kept + safe_wal_size) end::float8 as share
     from pg_replication_slots, pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) as kept where slot_name = $1`,
    [SLOT],
  );
  return rows[0]?.share ?? Number.NaN;
}

/** In messages that no client decodes, a megabyte each. */
async function writeWal(server: pg.Client, isEnough: () => Promise<boolean>): Promise<void> {
  for (let written = 0; !(await isEnough()); written += 1) {
    assert.ok(written < 4 * WAL_LIMIT_MB, `${written} MB and no end`);
    await server.query(`select pg_logical_emit_message(false, 'filler', repeat('x', 1024 * 1024))`);
  }
}

test.run();
