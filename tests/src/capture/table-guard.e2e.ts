// What one table would stop for all, the stack's own monitor takes out: the others go on and lose nothing.
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import { listRemovedTables, type RemovedTable } from '@shelfcast/product-database/captured-tables';
import { createRegistryClient } from '@shelfcast/schemas/registry/client';
import { cdcTopic, valueSubject } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { awaitAlert } from '../support/await-alert.ts';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { startLoad } from '../support/load.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { assertMirrored, connectPipeline, eventuallyProduct } from '../support/pipeline.ts';
import { runCommand } from '../support/run-command.ts';
import { sharedStack } from '../support/test-stack.ts';

const test = suite('table guard');
const harness = openConnectorHarness();
const pipeline = connectPipeline();
const tables = openOwnTables(harness);
const { products } = harness.context;
const admin = harness.kafka.createAdmin();
let monitorUrl = '';

test.before(async () => {
  monitorUrl = `http://127.0.0.1:${(await sharedStack()).ports.monitor}`;
});

test.after(async () => {
  await tables.remove();
  await admin.close();
  await pipeline.close();
  await harness.close();
});

async function capture(name: string): Promise<string> {
  const table = await tables.make(name);
  await tables.capture(table);
  return table;
}

/** Within this time of a fault of one table the others flow. On a machine of its own it is a few seconds. */
const FLOWS_WITHIN_MS = 30_000;

/** Provokes a fault beside writes to the others, none of which is lost. @returns what the guard says of it */
async function guarded(table: string, provoke: () => Promise<unknown>): Promise<RemovedTable> {
  const load = startLoad({
    url: fromEnvironment('PRODUCTS_DATABASE_URL'),
    changesPerSecond: 20,
    prefix: `TG-${table}`,
  });
  const sinceMs = performance.now();
  await provoke();
  const marker = `TG-${table}-behind`;
  await products.query(`insert into products (product_id, name, price) values ($1, 'Behind', 1)`, [
    marker,
  ]);
  await eventuallyProduct(pipeline, marker, (row) => assert.ok(row), 180_000);
  const flowsAfterMs = performance.now() - sinceMs;
  console.log(`# ${table}: the others flow after ${(flowsAfterMs / 1_000).toFixed(1)} s`);
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
  assert.match(alert.remedy ?? '', new RegExp(`^make connector-add-table TABLE=${subject}`));
  await load.stop();
  await assertMirrored(pipeline);
  assert.ok(flowsAfterMs <= FLOWS_WITHIN_MS, `flows after ${flowsAfterMs} ms`);
  return removed;
}

/** The named command takes it in again, and all is well. */
async function healed(table: string): Promise<void> {
  const { status, output } = await runCommand('make connector-add-table', {
    TABLE: `public.${table}`,
  });
  assert.is(status, 0, output);
  const { problems } = await reportConnector(harness.context);
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

test('broker: a record that is larger than all that is carried', async () => {
  const table = await capture('large');
  const { reason } = await guarded(table, () =>
    products.query(`insert into ${table} values (1, repeat(md5(random()::text), 600000))`),
  );
  assert.match(reason ?? '', /Records of topic \S+ cannot be carried: one of \d+ bytes is larger/);
  await products.query(`delete from ${table}`);
  await healed(table);
});

test('relation message: columns that differ by case alone', async () => {
  const table = await capture('cased');
  const { reason } = await guarded(table, () =>
    products.query(
      `alter table ${table} add column "Note" text; insert into ${table} values (1, 'a', 'b')`,
    ),
  );
  assert.match(reason ?? '', /differ by case alone/);
  await products.query(`alter table ${table} drop column "Note"`);
  await healed(table);
});

test('converter: a schema that the registry does not take', async () => {
  const table = await capture('strict');
  await products.query(`insert into ${table} values (1, 'a')`);
  const topic = cdcTopic({ schema: 'public', table });
  const subject = valueSubject(topic);
  const registry = createRegistryClient({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
  await eventually(
    async () => {
      const ends = [...(await admin.highWatermarks(topic)).values()];
      assert.ok(ends.some((end) => end > 0n));
    },
    { what: `a record of ${topic}`, timeoutMs: 60_000 },
  );
  await registry.setCompatibility(subject, 'FULL');
  const { reason } = await guarded(table, () =>
    products.query(
      `alter table ${table} alter column note type int using 7; insert into ${table} values (2, 7)`,
    ),
  );
  assert.match(reason ?? '', /its records cannot be written: .*Incompatible artifact/);
  await registry.setCompatibility(subject, 'NONE');
  registry.close();
  await healed(table);
});

test('schema: a table that cannot be read holds up no snapshot of the others', async () => {
  const table = await capture('unreadable');
  await products.query(`insert into ${table} values (0, 'a');
    alter table ${table} add column share int generated always as (1 / id) virtual`);
  const first = await runCommand('make resync', { YES: '1', FORCE: '1' });
  console.log(`# resync beside it: ${first.status}, ${first.output.trim().split('\n').at(-1)}`);
  const removed = await eventually(
    async () =>
      (await listRemovedTables(products)).find((one) => one.table === table && one.finished) ??
      false,
    { what: `the guard to take ${table} out`, timeoutMs: 120_000, intervalMs: 250 },
  );
  assert.match(removed.reason ?? '', /it cannot be read: .*division by zero/);
  if (first.status !== 0) {
    const second = await runCommand('make resync', { YES: '1' });
    assert.is(second.status, 0, second.output);
  }
  await assertMirrored(pipeline);
  await products.query(`alter table ${table} drop column share`);
  await healed(table);
});

test.run();
