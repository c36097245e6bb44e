// Many tables by one command that is cut: nothing is called read that was not, it is told of, and the same command heals.
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import type { Stack } from '@shelfcast/local/stack';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../support/await-alert.ts';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { doctorIsGreen } from '../support/heal.ts';
import { holdSnapshot } from '../support/held-snapshot.ts';
import { stackMonitorUrl } from '../support/monitor.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { runCommand, startCommand } from '../support/run-command.ts';
import { sharedStack } from '../support/test-stack.ts';
import { keysShown } from '../support/topic-reader.ts';

const test = suite('many tables, cut');
const harness = openConnectorHarness();
const own = openOwnTables(harness);
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
const { products } = harness.context;
const monitor = { url: stackMonitorUrl() };

const TABLES = 6;
/** Two chunks. */
const ROWS = 700;
let stack: Stack;

test.before(async () => {
  stack = await sharedStack();
});

test.after(async () => {
  await own.remove();
  codec.close();
  await harness.close();
});

async function makeTables(name: string): Promise<string[]> {
  const names: string[] = [];
  for (let nr = 0; nr < TABLES; nr += 1) {
    const table = await own.make(`${name}_${nr}`);
    await products.query(`insert into ${table} select i, 'row' from generate_series(1, $1) as i`, [
      ROWS,
    ]);
    names.push(table);
  }
  return names;
}

async function statusesOf(names: readonly string[]): Promise<(string | undefined)[]> {
  const { rows } = await products.query<{ name: string; status: string }>(
    'select table_name as name, status from shelfcast.table_reads where table_name = any($1)',
    [names],
  );
  return names.map((name) => rows.find((row) => row.name === name)?.status);
}

const addTables = (names: readonly string[]) => ({ TABLE: names.join(',') });

/** What is not read is told of, by status and by alert; the same command heals, and every key is in its topic. */
async function assertHeals(names: readonly string[]): Promise<void> {
  await eventually(
    async () => {
      const { problems } = await reportConnector(harness.context);
      for (const name of names)
        assert.match(problems.join('\n'), new RegExp(`public\\.${name}\\b`));
    },
    { timeoutMs: 60_000, intervalMs: 500, what: 'status tells of them' },
  );
  const [first = ''] = names;
  const since = performance.now();
  const { remedy } = await shown({ monitor }, 'TableNotRead', `public.${first}`, 'firing', since);
  assert.match(remedy ?? '', 'make connector-');
  const { status, output } = await runCommand('make connector-add-table', addTables(names));
  assert.is(status, 0, output);
  assert.equal(
    await statusesOf(names),
    names.map(() => 'read'),
  );
  for (const table of names) {
    const shownKeys = await keysShown(harness.kafka, codec, cdcTopic({ schema: 'public', table }));
    assert.equal(
      [...shownKeys].sort(),
      Array.from({ length: ROWS }, (_, i) => String(i + 1)).sort(),
      table,
    );
  }
  await shown({ monitor }, 'TableNotRead', `public.${first}`, 'resolved', performance.now());
  await doctorIsGreen();
}

test('the command is killed while it publishes tables', async () => {
  const names = await makeTables('published');
  const running = startCommand('make connector-add-table', addTables(names));
  await eventually(
    async () => {
      const captured = (await listCapturedTables(products)).map(({ table }) => table);
      assert.ok(names.some((name) => captured.includes(name)));
    },
    { timeoutMs: 60_000, intervalMs: 2, what: 'the first table is captured' },
  );
  running.kill();
  await running.ended;
  assert.ok((await statusesOf(names)).every((status) => status === undefined));
  const captured = (await listCapturedTables(products)).map(({ table }) => table);
  const begun = names.filter((name) => captured.includes(name));
  console.log(`# killed after ${begun.length} of ${TABLES} tables`);
  await eventually(
    async () => {
      const { problems } = await reportConnector(harness.context);
      for (const name of begun)
        assert.match(problems.join('\n'), new RegExp(`public\\.${name}\\b`));
    },
    { timeoutMs: 60_000, intervalMs: 500, what: 'status tells of them' },
  );
  const { status, output } = await runCommand('make connector-add-table', addTables(names));
  assert.is(status, 0, output);
  assert.equal(
    await statusesOf(names),
    names.map(() => 'read'),
  );
  await doctorIsGreen();
});

test('the command is killed amidst the snapshot, Connect goes on', async () => {
  const names = await makeTables('command');
  const held = await holdSnapshot(products, 5);
  const running = startCommand('make connector-add-table', addTables(names));
  try {
    await held.held();
    assert.equal(
      await statusesOf(names),
      names.map(() => 'reading'),
    );
  } finally {
    running.kill();
    await held.release();
  }
  await running.ended;
  await assertHeals(names);
});

test('Connect is killed amidst the snapshot: the command waits, and all of each table is read', async () => {
  const names = await makeTables('connect');
  const held = await holdSnapshot(products, 5);
  const running = startCommand('make connector-add-table', addTables(names));
  try {
    await held.held();
    stack.kill('connect');
    assert.equal(
      await statusesOf(names),
      names.map(() => 'reading'),
    );
  } finally {
    await held.release();
  }
  const { status, output } = await running.ended;
  assert.is(status, 0, output);
  assert.match(output, new RegExp(`${TABLES} of ${TABLES} tables are captured and read whole`));
  for (const table of names) {
    const keys = await keysShown(harness.kafka, codec, cdcTopic({ schema: 'public', table }));
    assert.is(keys.size, ROWS, table);
  }
  await doctorIsGreen();
});

test('both are killed', async () => {
  const names = await makeTables('both');
  const held = await holdSnapshot(products, 7);
  const running = startCommand('make connector-add-table', addTables(names));
  try {
    await held.held();
    stack.kill('connect');
  } finally {
    running.kill();
    await held.release();
  }
  await running.ended;
  assert.equal(
    await statusesOf(names),
    names.map(() => 'reading'),
  );
  await stack.waitHealthy('connect');
  await assertHeals(names);
});

test.run();
