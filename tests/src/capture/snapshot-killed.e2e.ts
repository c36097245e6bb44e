// Kafka Connect is killed in the middle of a read, by each way of reading: what is half read is never called read, and the
// command that waits, or its second run, leaves the topic and the read model with every key of the source.

import { CONNECTOR } from '@shelfcast/connect-config/context';
import { addTable } from '@shelfcast/connect-config/internals/add-table';
import { tablesBeingRead } from '@shelfcast/connect-config/internals/incremental-snapshot-offset';
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import type { Stack } from '@shelfcast/local/stack';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { doctorIsGreen } from '../support/heal.ts';
import { type HeldSnapshot, holdSnapshot } from '../support/held-snapshot.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { assertMirrored, connectPipeline } from '../support/pipeline.ts';
import { type CommandResult, runCommand, startCommand } from '../support/run-command.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readChanges } from '../support/topic-reader.ts';

const test = suite('Connect is killed in the middle of a read');
const harness = openConnectorHarness();
const tables = openOwnTables(harness);
const pipeline = connectPipeline();
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
const { client, products } = harness.context;
const prefix = `K-${Date.now().toString(36)}`;

/** Five chunks. */
const ROWS = 2_300;
/** Takes an initial snapshot a second or more. */
const LONG_READ_ROWS = 30_000;
let stack: Stack;

test.before(async () => {
  stack = await sharedStack();
  await products.query(
    `insert into products (product_id, name, price) select $1 || i, 'Row ' || i, i from generate_series(1, $2::int) as i`,
    [`${prefix}-`, ROWS],
  );
  await assertMirrored(pipeline);
});

test.after(async () => {
  await products.query('delete from products where starts_with(product_id, $1)', [prefix]);
  await assertMirrored(pipeline);
  await tables.remove();
  codec.close();
  await pipeline.close();
  await harness.close();
});

async function makeFull(name: string): Promise<string> {
  const table = await tables.make(name);
  await products.query(`insert into ${table} select i, 'row' from generate_series(1, $1) as i`, [
    ROWS,
  ]);
  return table;
}

/** What is known of the newest reading of a table. */
async function statusOf(table: string): Promise<string | undefined> {
  const { rows } = await products.query<{ status: string }>(
    'select status from shelfcast.table_reads where table_name = $1',
    [table],
  );
  return rows[0]?.status;
}

/** Kills Kafka Connect while the snapshot stands behind its second chunk, and lets what comes back go on. */
async function killBetweenChunks(held: HeldSnapshot, table: string): Promise<void> {
  await held.held();
  await eventually(
    async () => {
      const [stored] = await client.offsets(CONNECTOR);
      assert.ok(tablesBeingRead(stored?.offset ?? {}).includes(`public.${table}`));
    },
    { timeoutMs: 60_000, intervalMs: 50, what: `the offset has ${table} half read` },
  );
  stack.kill('connect');
  assert.is(await statusOf(table), 'reading');
}

/** Begins a command, and kills Connect in the middle of its snapshot. */
async function killedDuring(
  command: string,
  table: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const held = await holdSnapshot(products, 2);
  const running = startCommand(command, variables);
  try {
    await killBetweenChunks(held, table);
  } catch (error) {
    running.kill();
    throw error;
  } finally {
    await held.release();
  }
  const result = await running.ended;
  assert.is(result.status, 0, result.output);
  assert.is(await statusOf(table), 'read');
  return result;
}

async function keysInTopic(table: string): Promise<number> {
  const changes = await readChanges(harness.kafka, codec, [cdcTopic({ schema: 'public', table })]);
  return new Set(changes.map(({ key }) => key)).size;
}

async function assertHealthy(): Promise<void> {
  await eventually(
    async () => assert.equal((await reportConnector(harness.context)).problems, []),
    {
      timeoutMs: 60_000,
      intervalMs: 500,
      what: 'no problems',
    },
  );
}

test('add-table: it waits, and the rest is read', async () => {
  const table = await makeFull('added');
  const { output } = await killedDuring('make connector-add-table', table, { TABLE: table });
  assert.match(
    output,
    new RegExp(`Read all of public\\.${table}: \\d+ rows, ${ROWS} keys checked`),
  );
  assert.is(await keysInTopic(table), ROWS);
  await assertHealthy();
});

test('add-table, killed as well: the table is told of as not read, and a second run heals', async () => {
  const table = await makeFull('twice');
  const held = await holdSnapshot(products, 2);
  const running = startCommand('make connector-add-table', { TABLE: table });
  try {
    await killBetweenChunks(held, table);
  } finally {
    running.kill();
    await held.release();
  }
  await running.ended;
  await stack.waitHealthy('connect');
  await eventually(
    async () => {
      const { problems } = await reportConnector(harness.context);
      assert.match(problems.join('\n'), new RegExp(`public\\.${table}.*make `, 's'));
    },
    { timeoutMs: 60_000, intervalMs: 500, what: `${table} is told of` },
  );
  const { status, output } = await runCommand('make connector-add-table', { TABLE: table });
  assert.is(status, 0, output);
  assert.is(await statusOf(table), 'read');
  assert.is(await keysInTopic(table), ROWS);
  await assertHealthy();
});

test('connector-snapshot: it waits, and the rest is read', async () => {
  const table = await makeFull('again');
  await addTable(harness.context, { table: { schema: 'public', table } });
  const { output } = await killedDuring('make connector-snapshot', table, { TABLE: table });
  assert.match(output, new RegExp(`${ROWS} keys checked`));
  await assertHealthy();
});

test('resync of a table: it waits, and removes nothing that is there', async () => {
  const { output } = await killedDuring('make resync', 'products', { TABLE: 'products' });
  assert.match(output, /Read all of public\.products/);
  await assertMirrored(pipeline);
  await doctorIsGreen();
});

test('rebuild: it waits, and the new generation is whole', async () => {
  const { output } = await killedDuring('make rebuild', 'products', { CONSUMER: 'catalogue' });
  assert.match(output, /the new generation is in use/);
  await assertMirrored(pipeline);
});

test('the initial snapshot: it begins again, and removes nothing that is there', async () => {
  const table = await makeFull('a_first');
  await products.query(
    `insert into ${table} select i, 'row' from generate_series(${ROWS + 1}, ${LONG_READ_ROWS}) as i`,
  );
  await addTable(harness.context, { table: { schema: 'public', table } });
  const read = async () => {
    const ends = await harness.context.admin.highWatermarks(cdcTopic({ schema: 'public', table }));
    return [...ends.values()].reduce((sum, offset) => sum + offset, 0n);
  };
  const before = await read();
  const running = startCommand('make resync', { YES: '1', FORCE: '1' });
  await eventually(async () => (await read()) > before, {
    timeoutMs: 120_000,
    intervalMs: 5,
    what: 'the first rows of the initial snapshot',
  });
  stack.kill('connect');
  assert.is(await statusOf(table), 'reading');
  assert.is(await statusOf('products'), 'reading');
  const seen = (await read()) - before;
  console.log(`# killed after ${seen} of ${LONG_READ_ROWS} rows`);
  assert.ok(seen < LONG_READ_ROWS);
  const { status, output } = await running.ended;
  assert.is(status, 0, output);
  assert.match(output, new RegExp(`${table}: \\d+ rows, ${LONG_READ_ROWS} keys checked`));
  assert.is(await statusOf('products'), 'read');
  await assertMirrored(pipeline);
  await doctorIsGreen();
});

test.run();
