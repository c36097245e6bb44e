// What one table would stop for all, the stack's own monitor takes out: the others go on and lose nothing.
import { registerConnector } from '@shelfcast/connect-config/register';
import { reportConnector } from '@shelfcast/connect-config/status';
import { listRemovedTables, type RemovedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { awaitAlert } from './support/await-alert.ts';
import { openConnectorBench } from './support/connector.ts';
import { fromEnvironment } from './support/environment.ts';
import { startLoad } from './support/load.ts';
import { assertMirrored, connectPipeline } from './support/pipeline.ts';
import { runCommand } from './support/run-command.ts';
import { sharedStack } from './support/test-stack.ts';

const test = suite('table guard');
const bench = openConnectorBench();
const pipeline = connectPipeline();
const { products } = bench.context;
const admin = bench.kafka.createAdmin();
const suffix = Date.now().toString(36);
const made: string[] = [];
let monitorUrl = '';

test.before(async () => {
  monitorUrl = `http://127.0.0.1:${(await sharedStack()).ports.monitor}`;
});

test.after(async () => {
  for (const name of made) {
    await products.query(`drop table if exists public.${name}`);
    await products.query('delete from shelfcast.captured_tables where table_name = $1', [name]);
    await products.query('delete from shelfcast.removed_tables where table_name = $1', [name]);
  }
  await registerConnector(bench.context);
  await admin.deleteTopics(made.map((table) => cdcTopic({ schema: 'public', table })));
  await admin.close();
  await pipeline.close();
  await bench.close();
});

async function capture(name: string): Promise<string> {
  const table = `${name}_${suffix}`;
  made.push(table);
  await products.query(`create table public.${table} (id int primary key, note text)`);
  const { status, output } = await runCommand('make connector-add-table', { TABLE: table });
  assert.is(status, 0, output);
  return table;
}

/** Provokes a fault beside writes to the others. @returns what the guard says of it */
async function guarded(table: string, provoke: () => Promise<unknown>): Promise<RemovedTable> {
  const load = startLoad({
    url: fromEnvironment('PRODUCTS_DATABASE_URL'),
    changesPerSecond: 20,
    prefix: `TG-${table}`,
  });
  const sinceMs = performance.now();
  await provoke();
  const removed = await eventually(
    async () =>
      (await listRemovedTables(products)).find(
        (one) => one.table === table && one.removedBy === 'guard' && one.finished,
      ) ?? false,
    { what: `the guard to take ${table} out`, timeoutMs: 180_000, intervalMs: 250 },
  );
  const subject = `public.${table}`;
  const alert = await awaitAlert(
    monitorUrl,
    { name: 'TableTakenOut', subject, state: 'firing' },
    sinceMs,
  );
  assert.match(alert.mend ?? '', new RegExp(`^make connector-add-table TABLE=${subject}`));
  await load.stop();
  await assertMirrored(pipeline);
  return removed;
}

/** The named command takes it in again, and all is well. */
async function healed(table: string): Promise<void> {
  const { status, output } = await runCommand('make connector-add-table', {
    TABLE: `public.${table}`,
  });
  assert.is(status, 0, output);
  const { problems } = await reportConnector(bench.context);
  assert.equal(problems, []);
}

test('a topic that is gone, for which the producer would wait for ever', async () => {
  const table = await capture('vanished');
  const topic = cdcTopic({ schema: 'public', table });
  const { reason } = await guarded(table, async () => {
    await admin.deleteTopics([topic]);
    await products.query(`insert into ${table} values (1, 'lost')`);
  });
  assert.match(reason ?? '', new RegExp(`topic ${topic} does not exist`));
  await healed(table);
});

test('a record that is larger than all that is carried', async () => {
  const table = await capture('large');
  const { reason } = await guarded(table, () =>
    products.query(`insert into ${table} values (1, repeat(md5(random()::text), 600000))`),
  );
  assert.match(reason ?? '', /Records of topic \S+ cannot be carried: one of \d+ bytes is larger/);
  await products.query(`delete from ${table}`);
  await healed(table);
});

test.run();
