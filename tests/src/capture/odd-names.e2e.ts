// Tables and columns of any names are captured by every way of reading, or refused before anything is changed.

import { CONNECTOR } from '@shelfcast/connect-config/context';
import { addTables } from '@shelfcast/connect-config/internals/add-table';
import { deleteConnector } from '@shelfcast/connect-config/internals/delete';
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import { registerConnector } from '@shelfcast/connect-config/register';
import { removeTables } from '@shelfcast/connect-config/remove-table';
import { snapshotTable, snapshotTables } from '@shelfcast/connect-config/snapshot';
import { formatTableName } from '@shelfcast/connect-config/table-name';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { readChanges } from '../support/topic-reader.ts';

const test = suite('odd names');

const harness = openConnectorHarness();
const { context, kafka } = harness;
const { products, client } = context;
const admin = kafka.createAdmin();
const consumers = new pg.Pool({
  connectionString: fromEnvironment('CONSUMERS_DATABASE_URL'),
  max: 1,
});
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });

const schema = `Ödd Names ${Date.now().toString(36)}`;
const TABLES = [
  ...['Order Details', 'v1.2', "O'Brien", 'it"s', 'größe', '1st-table', 'p,q', 'x(y', '100%'],
  ...[' lead', 'wild*card', '$HOME', 'Ünïcode\u00a0table', 'select'],
].map((table) => ({ schema, table }));
const ROWS = 3;

const sqlName = ({ table }: { readonly table: string }) =>
  `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
const topicOf = (table: string) => cdcTopic({ schema, table });

test.before(async () => {
  await products.query(`create schema ${pg.escapeIdentifier(schema)}`);
  for (const table of TABLES) {
    await products.query(
      `create table ${sqlName(table)} ("Order ID" int, "ключ.2" text, "it""s 'odd', yes" text, primary key ("Order ID", "ключ.2"));
       insert into ${sqlName(table)} select i, 'key ' || i, 'first' from generate_series(1, ${ROWS}) as i`,
    );
  }
});

test.after(async () => {
  await products.query(`drop schema ${pg.escapeIdentifier(schema)} cascade`);
  await products.query('delete from shelfcast.captured_tables where table_schema = $1', [schema]);
  await registerConnector(context);
  codec.close();
  await consumers.end();
  await harness.close();
  await admin.close();
});

const TOPICS = TABLES.map(({ table }) => topicOf(table));

/** The newest row of each key of each table is as expected, as its topic has it. */
async function assertShows(expected: string, isMeant: (change: Change) => boolean): Promise<void> {
  await eventually(
    async () => {
      const changes = (await readChanges(kafka, codec, TOPICS)).filter(isMeant);
      for (const { table } of TABLES) {
        const entity = `${schema}.${table}`;
        const rows = new Map(
          changes.filter((one) => one.entity === entity).map(({ key, after }) => [key, after]),
        );
        const values = [...rows.values()].map((row) => [
          row?.Order_ID,
          row?._____2,
          row?.it_s__odd___yes,
        ]);
        assert.equal(
          values.sort(),
          Array.from({ length: ROWS }, (_, i) => [i + 1, `key ${i + 1}`, expected]),
          entity,
        );
      }
    },
    { what: 'the rows of all tables', timeoutMs: 60_000 },
  );
}

test('by an incremental snapshot', async () => {
  const { added, left } = await addTables(context, { tables: TABLES });
  assert.equal(left, []);
  assert.equal(added, TABLES);
  await assertShows('first', ({ op }) => op === 'read');
});

test('by the stream, each key in one partition', async () => {
  for (const table of TABLES) {
    await products.query(`update ${sqlName(table)} set "it""s 'odd', yes" = 'second'`);
  }
  await assertShows('second', ({ op }) => op === 'update');
  const places = new Map<string, Set<number>>();
  for (const { entity, key, record } of await readChanges(kafka, codec, TOPICS)) {
    const of = `${entity} ${key}`;
    places.set(of, (places.get(of) ?? new Set()).add(record.partition));
  }
  assert.is(places.size, TABLES.length * ROWS);
  assert.ok([...places.values()].every(({ size }) => size === 1));
});

test('nothing is found wrong with them', async () => {
  const { problems } = await reportConnector(context);
  assert.equal(problems, []);
});

test('a snapshot that a restart interrupts goes on', async () => {
  const many = { schema, table: 'Order Details' };
  await products.query(
    `insert into ${sqlName(many)} select i, 'many', 'x' from generate_series(1001, 11000) as i`,
  );
  try {
    const reading = snapshotTables(context, { tables: [many, ...TABLES.slice(1)] });
    await eventually(
      async () => {
        const stored = JSON.stringify(await client.offsets(CONNECTOR));
        assert.match(stored, /incremental_snapshot_primary_key/);
      },
      { what: 'a snapshot that is half done', timeoutMs: 60_000, intervalMs: 20 },
    );
    await client.restart(CONNECTOR, { onlyFailed: false });
    const { read, unread } = await reading;
    assert.equal(unread, []);
    assert.is(read.find(({ table }) => table === many)?.keys, ROWS + 10_000);
    assert.is(read.length, TABLES.length);
  } finally {
    await products.query(`delete from ${sqlName(many)} where "ключ.2" = 'many'`);
  }
});

test('by the initial snapshot of a connector that is registered again', async () => {
  for (const table of TABLES) {
    await products.query(`update ${sqlName(table)} set "it""s 'odd', yes" = 'third'`);
  }
  await deleteConnector(context);
  const { read, unread, epoch } = await registerConnector(context);
  assert.equal(unread, []);
  const names = read.map(({ table }) => formatTableName(table));
  for (const table of TABLES) assert.ok(names.includes(formatTableName(table)), table.table);
  await assertShows('third', (change) => change.op === 'read' && change.epoch === epoch);
});

test('and out again', async () => {
  await removeTables(
    { ...context, consumers, admin },
    { tables: TABLES, purge: true, removedBy: 'test' },
  );
  const { rows } = await products.query(
    `select tablename from pg_publication_tables where pubname = 'shelfcast' and schemaname = $1`,
    [schema],
  );
  assert.equal(rows, []);
  const topics = await admin.listTopics();
  assert.not.ok(TABLES.some(({ table }) => topics.includes(topicOf(table))));
  const captured = await listCapturedTables(products);
  assert.not.ok(captured.some((one) => one.schema === schema));
  await eventually(
    async () => {
      const { problems } = await reportConnector(context);
      assert.equal(problems, []);
    },
    { what: 'nothing to be found', timeoutMs: 30_000 },
  );
});

test('names that cannot be carried are refused, all at once and with the reason', async () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['"quoted"', /double quote at its beginning or end/],
    ["two''quotes", /two quotes in a row/],
    ['back\\slash', /backslash/],
    ['new\nline', /control characters/],
  ];
  const sameTopic = ['a-b c', 'a-b_c'].map((table) => ({ schema, table }));
  const tables = refused.map(([table]) => ({ schema, table }));
  for (const table of [...tables, ...sameTopic, { schema, table: 'same' }]) {
    await products.query(`create table ${sqlName(table)} (id int primary key)`);
  }
  const before = await client.config(CONNECTOR);
  await products.query(`alter table ${sqlName({ table: 'same' })} add "a b" int, add a_b int`);
  await addTables(context, { tables: [...tables, ...sameTopic] }).then(
    () => assert.unreachable('they were taken'),
    (error: Error) => {
      for (const [table, reason] of [...refused, ['a-b_c', /is the same/] as const]) {
        const line = error.message.split('\n! ').find((one) => one.includes(table));
        assert.match(line ?? '', reason, table);
      }
    },
  );
  await addTables(context, { tables: [{ schema, table: 'same' }], routingColumn: 'a b' }).then(
    () => assert.unreachable('it was taken'),
    (error: Error) => assert.match(error.message, /Column "a b" .* cannot route.*a_b/),
  );
  assert.equal(await client.config(CONNECTOR), before);
  await snapshotTable(context, { table: { schema, table: 'same' } }).then(
    () => assert.unreachable('it was read'),
    (error: Error) => assert.match(error.message, /TABLE='"Ödd Names .*"\.same'/),
  );
});

test.run();
