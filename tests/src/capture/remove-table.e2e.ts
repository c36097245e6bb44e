// A table comes out of the capture in any state, and the others lose nothing.
import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { tablesBeingRead } from '@shelfcast/connect-config/internals/incremental-snapshot-offset';
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import { followOffset } from '@shelfcast/connect-config/internals/stored-offset';
import { type RemoveTableContext, removeTable } from '@shelfcast/connect-config/remove-table';
import { includesTable } from '@shelfcast/connect-config/render';
import { currentLsn } from '@shelfcast/connect-config/replication-slot';
import { failureOf, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import {
  addCapturedTable,
  listCapturedTables,
  listRemovedTables,
} from '@shelfcast/product-database/captured-tables';
import { migrateProducts } from '@shelfcast/product-database/migrate';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { createTestDatabase } from '../support/database.ts';
import { fromEnvironment } from '../support/environment.ts';
import { startLoad } from '../support/load.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { assertMirrored, connectPipeline } from '../support/pipeline.ts';
import { runCommand } from '../support/run-command.ts';
import { readTopics } from '../support/topic-reader.ts';

const test = suite('remove-table');

const harness = openConnectorHarness();
const pipeline = connectPipeline();
const { client, products } = harness.context;
const admin = harness.kafka.createAdmin();
const context: RemoveTableContext = { ...harness.context, consumers: pipeline.consumers, admin };
const tables = openOwnTables(harness);

test.after(async () => {
  await tables.remove();
  await admin.close();
  await pipeline.close();
  await harness.close();
});

async function isPublished(table: string): Promise<boolean> {
  const { rowCount } = await products.query(
    "select from pg_publication_tables where pubname = 'shelfcast' and tablename = $1",
    [table],
  );
  return rowCount === 1;
}

/** Nothing names the table any more but the list of those that were taken out. */
async function assertOut(table: string): Promise<void> {
  const named = ({ table: name }: { readonly table: string }) => name === table;
  assert.is((await listCapturedTables(products)).some(named), false);
  assert.is((await listRemovedTables(products)).some(named), true);
  const config = (await client.config(CONNECTOR)) ?? {};
  assert.is(includesTable(config, { schema: 'public', table }), false);
  assert.not.match(JSON.stringify(config), new RegExp(table));
  assert.is(await isPublished(table), false);
}

async function assertHealthy(): Promise<void> {
  const { healthy, problems } = await reportConnector(harness.context);
  assert.equal(problems, []);
  assert.ok(healthy);
}

test('a table whose change the connector stands at: out with one command, and the others lose nothing', async () => {
  const table = await tables.make('large');
  await tables.capture(table);
  const load = startLoad({
    url: fromEnvironment('PRODUCTS_DATABASE_URL'),
    changesPerSecond: 20,
    prefix: `RT-${table}`,
  });
  // A record of it is larger than all that is carried. The guard of the stack's monitor leaves it to people: it has taken
  // it out within the hour.
  await products.query(
    `insert into shelfcast.removed_tables (table_schema, table_name, routing_column, removed_by, captured_again_at)
     values ('public', $1, 'id', 'guard', now())`,
    [table],
  );
  await products.query(`insert into ${table} values (1, repeat(md5(random()::text), 600000))`);
  await eventually(
    async () => {
      const status = await client.status(CONNECTOR);
      return status !== undefined && failureOf(status) !== undefined;
    },
    { what: 'the task to fail', timeoutMs: 60_000 },
  );

  const { status, output } = await runCommand('make connector-remove-table', { TABLE: table });
  assert.is(status, 0, output);
  assert.match(output, /The others flow/);
  await load.stop();
  assert.ok(load.committed() > 0);
  await assertMirrored(pipeline);
  await assertOut(table);
  await assertHealthy();

  const again = await runCommand('make connector-remove-table', { TABLE: table });
  assert.is(again.status, 0, again.output);
  const { output: lines } = await runCommand('make connector-status');
  assert.match(lines, new RegExp(`taken out public\\.${table}.*make connector-add-table TABLE=`));

  // Mended, it comes back the way that is named, in the partitions where its keys are.
  await products.query(`delete from ${table}`);
  await products.query(`insert into ${table} values (2, 'short')`);
  await products.query(`alter table ${table} add other int unique`);
  const elsewhere = await runCommand('make connector-add-table', { TABLE: table, KEY: 'other' });
  assert.is(elsewhere.status, 2);
  assert.match(elsewhere.output, /captured before, routed by id/);
  await tables.capture(table);
  const topic = cdcTopic({ schema: 'public', table });
  assert.is((await readTopics(harness.kafka, [topic])).length, 1);
  await assertHealthy();
});

test('what keeps it from going on is told, and a second run goes on where the first one ended', async () => {
  const table = await tables.make('interrupted');
  await tables.capture(table);
  const fails = (method: 'stop' | 'putConfig' | 'resume'): ConnectClient => ({
    ...client,
    [method]: () => Promise.reject(new Error(`no ${method}`)),
  });
  for (const method of ['stop', 'putConfig', 'resume'] as const) {
    await removeTable(
      { ...context, client: fails(method) },
      { table: { schema: 'public', table }, removedBy: 'test' },
    ).then(
      () => assert.unreachable(method),
      (error: Error) => assert.is(error.message, `no ${method}`),
    );
  }
  const { status, output } = await runCommand('make connector-remove-table', { TABLE: table });
  assert.is(status, 0, output);
  await assertOut(table);
  await assertHealthy();
});

test('a half-read snapshot of it ends, and those that wait behind it are read', async () => {
  const big = await tables.make('big');
  const behind = await tables.make('behind');
  await tables.capture(big);
  await tables.capture(behind);
  await products.query(`insert into ${behind} select i, 'row' from generate_series(1, 700) as i`);
  await products.query(`insert into ${big} select i, 'row' from generate_series(1, 60000) as i`);
  const table = (name: string) => ({ schema: 'public', table: name });
  await products.query(
    `insert into shelfcast.signal (id, type, data) values ('by-hand', 'execute-snapshot', $1)`,
    [
      JSON.stringify({
        type: 'incremental',
        'data-collections': [`public.${big}`, `public.${behind}`],
      }),
    ],
  );
  const requestedLsn = await currentLsn(products);
  const reading = async () => {
    const [stored] = await client.offsets(CONNECTOR);
    return tablesBeingRead(stored?.offset ?? {});
  };
  await eventually(async () => (await reading()).includes(`public.${big}`), {
    what: `${big} is being read`,
    timeoutMs: 60_000,
  });
  await client.stop(CONNECTOR);
  await waitUntilStopped({ client, connector: CONNECTOR });
  assert.equal(await reading(), [`public.${big}`, `public.${behind}`]);

  await removeTable(context, { table: table(big), purge: true, removedBy: 'test' });
  await followOffset({
    client,
    timeoutMs: 60_000,
    what: 'the snapshot',
    until: (offset) =>
      offset?.lsn !== undefined &&
      offset.lsn >= requestedLsn &&
      offset.incrementalSnapshot === undefined,
  });
  const records = await readTopics(harness.kafka, [cdcTopic(table(behind))]);
  assert.is(records.length, 1_400); // inserted, and read
  assert.not.ok((await admin.listTopics()).includes(cdcTopic(table(big))));
  await assertOut(big);
  await assertHealthy();

  // Once more is fine, and a topic that is gone routes by any column.
  const again = await runCommand('make connector-remove-table', { TABLE: big, PURGE: '1' });
  assert.is(again.status, 0, again.output);
});

test('a table that was dropped comes out, and everything starts again', async () => {
  const table = await tables.make('dropped');
  await tables.capture(table);
  await products.query(`drop table ${table}`);
  await migrateProducts({
    connectionString: fromEnvironment('PRODUCTS_DATABASE_URL'),
    debeziumPassword: 'debezium',
  });
  const { status, output } = await runCommand('make connector-remove-table', { TABLE: table });
  assert.is(status, 0, output);
  await assertOut(table);
  await assertHealthy();
});

test('who reads it is named, and what was asked of them and names it, does no longer', async () => {
  const table = await tables.make('read');
  await tables.capture(table);
  const sweep = (entities: readonly string[]) =>
    JSON.stringify({
      epoch: '1',
      entities,
      watermarks: entities.map((entity) => ({
        topic: cdcTopic({ schema: 'public', table: entity }),
        partition: 0,
        offset: '5',
      })),
    });
  await pipeline.consumers.query(
    `insert into runtime.floors (consumer, entity, position) values ('gone', $1, '')`,
    [table],
  );
  await pipeline.consumers.query(
    `insert into runtime.commands (consumer, kind, arguments, requested_by)
     values ('gone', 'sweep', $1, 'test'), ('gone', 'sweep', $2, 'test')`,
    [sweep([table]), sweep(['other', table])],
  );
  try {
    const { status, output } = await runCommand('make connector-remove-table', { TABLE: table });
    assert.is(status, 0, output);
    assert.match(output, /It is read by gone: what they have of it stays/);
    const { rows } = await pipeline.consumers.query<{ state: string; arguments: string }>(
      `select state, arguments from runtime.commands where consumer = 'gone' order by id`,
    );
    assert.equal(
      rows.map(({ state }) => state),
      ['done', 'pending'],
    );
    assert.equal(JSON.parse(rows[1]?.arguments ?? ''), JSON.parse(sweep(['other'])));
  } finally {
    await pipeline.consumers.query(`delete from runtime.commands where consumer = 'gone'`);
    await pipeline.consumers.query(`delete from runtime.floors where consumer = 'gone'`);
  }
});

test('parked changes keep their topic', async () => {
  const table = await tables.make('parked');
  await tables.capture(table);
  const topic = cdcTopic({ schema: 'public', table });
  await pipeline.consumers.query(
    `insert into runtime.parked_changes (consumer, entity, key, topic, partition, "offset", headers, timestamp_ms)
     values ('gone', $1, 'k', $2, 0, 0, '{}', 0)`,
    [table, topic],
  );
  try {
    const { status, output } = await runCommand('make connector-remove-table', {
      TABLE: table,
      PURGE: '1',
    });
    assert.is(status, 2);
    assert.match(output, /still wait \(1 of gone\).*Nothing was changed/);
    assert.is(await isPublished(table), true);
  } finally {
    await pipeline.consumers.query(`delete from runtime.parked_changes where consumer = 'gone'`);
  }
});

test('refused: a table that is not captured, and the last one', async () => {
  const { status, output } = await runCommand('make connector-remove-table', { TABLE: 'nowhere' });
  assert.is(status, 2);
  assert.match(output, /public\.nowhere is not captured\. Captured are /);

  const database = await createTestDatabase();
  const own = new pg.Pool({ connectionString: database.url, max: 3 });
  try {
    await migrateProducts({ connectionString: database.url, debeziumPassword: 'debezium' });
    await own.query('delete from shelfcast.captured_tables');
    const last = { schema: 'public', table: 'countries' };
    await addCapturedTable(own, { ...last, routingColumn: 'country_id' });
    const unregistered = { ...client, config: () => Promise.resolve(undefined) };
    await removeTable(
      { ...context, products: own, client: unregistered },
      { table: last, removedBy: 'test' },
    ).then(
      () => assert.unreachable(),
      (error: Error) => assert.match(error.message, /the only table.*make connector-delete ends/),
    );
    assert.is((await listCapturedTables(own)).length, 1);
  } finally {
    await own.end();
    await database.drop();
  }
});

test.run();
