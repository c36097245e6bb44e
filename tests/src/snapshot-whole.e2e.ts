// A table is read whole, whatever its key's type and its columns, or the command says that it is not.
import { addTable } from '@shelfcast/connect-config/add-table';
import { registerConnector } from '@shelfcast/connect-config/register';
import { snapshotTable } from '@shelfcast/connect-config/snapshot';
import { reportConnector } from '@shelfcast/connect-config/status';
import { createCodec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorBench } from './support/connector.ts';
import { fromEnvironment } from './support/environment.ts';
import { readChanges } from './support/topic-reader.ts';

const test = suite('snapshots are whole');

const bench = openConnectorBench();
const { context, kafka } = bench;
const { products } = context;
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });

const ROWS = 1_300;
const SCHEMA = `whole_${Date.now().toString(36)}`;

/** Key columns, and the value of row `i`. */
const KEYS: Readonly<Record<string, { columns: string; values: string; key?: string }>> = {
  instant: {
    columns: 'k timestamptz',
    values: "'2020-01-01 00:00:00.000001+02'::timestamptz + i * interval '1 hour'",
  },
  moment: { columns: 'k timestamp', values: "'1500-02-01'::timestamp + i * interval '33 days'" },
  clock: { columns: 'k time', values: "'00:00'::time + i * interval '1 minute 1 second'" },
  bits: { columns: 'k bit(12)', values: 'i::bit(12)' },
  day: { columns: 'k date', values: "'1400-01-01'::date + i * 200" },
  lasting: { columns: 'k interval', values: "i * interval '1 month 1 day 00:00:00.5'" },
  amount: { columns: 'k numeric', values: 'i / 8.0' },
  cash: { columns: 'k money', values: '(i / 4.0)::numeric::money' },
  ratio: { columns: 'k float8', values: 'i / 7.0 - 50' },
  identity: { columns: 'k uuid', values: 'md5(i::text)::uuid' },
  address: { columns: 'k inet', values: "'10.0.0.0'::inet + i" },
  picture: { columns: 'k bytea', values: "decode(md5(i::text), 'hex')" },
  padded: { columns: 'k char(6)', values: "'a' || i" },
  tags: { columns: 'k int[]', values: 'array[i % 7, i]' },
  span: { columns: 'k int4range', values: 'int4range(i, i + 5)' },
  'Odd-Name': { columns: '"K y" text', values: "'größe ' || i", key: '"K y"' },
  mixed: {
    columns: 'a date, b timestamptz, c text',
    values: "'2020-01-01'::date + i % 3, to_timestamp(i), 'x' || i",
    key: 'a, b, c',
  },
};

const named = (table: string) => `${SCHEMA}."${table}"`;

test.before(async () => {
  await products.query(`create schema ${SCHEMA}; grant usage on schema ${SCHEMA} to debezium`);
});

test.after(async () => {
  await products.query(`drop schema ${SCHEMA} cascade`);
  await products.query('delete from shelfcast.captured_tables where table_schema = $1', [SCHEMA]);
  await registerConnector(context);
  codec.close();
  await bench.close();
});

/** As add-table does it, for many tables at once. */
async function capture(table: string, routingColumn: string): Promise<void> {
  await products.query(`alter table ${named(table)} replica identity full;
    grant select on ${named(table)} to debezium;
    alter publication shelfcast add table ${named(table)}`);
  await products.query(
    'insert into shelfcast.captured_tables (table_schema, table_name, routing_column) values ($1, $2, $3)',
    [SCHEMA, table, routingColumn],
  );
}

test('every type of key: all rows are read, all keys are checked', async () => {
  for (const [table, { columns, values, key = 'k' }] of Object.entries(KEYS)) {
    await products.query(
      `create table ${named(table)} (${columns}, payload text, primary key (${key}))`,
    );
    await products.query(
      `insert into ${named(table)} select ${values}, 'row ' || i from generate_series(0, ${ROWS - 1}) as i`,
    );
    await capture(table, 'payload');
  }
  const { read, unread } = await registerConnector(context);
  assert.equal(
    unread.map(({ table, error }) => `${table.table}: ${error.message}`),
    [],
  );
  assert.equal(
    read.map(({ table, keys }) => [table.table, keys]).sort(),
    Object.keys(KEYS)
      .map((table) => [table, ROWS])
      .sort(),
  );
  assert.ok(read.every(({ rows }) => rows >= ROWS));
});

test('generated columns: the rows are read, and the next change flows', async () => {
  const table = { schema: SCHEMA, table: 'computed' };
  await products.query(`create table ${named('computed')} (id int generated always as identity primary key, price int,
    total int generated always as (price * 2) stored, note text);
    insert into ${named('computed')} (price, note) select i, 'note ' || i from generate_series(1, ${ROWS}) as i`);
  await addTable(context, { table });
  await products.query(`update ${named('computed')} set note = 'changed' where id = 7`);
  const changes = await eventually(
    async () => {
      const seen = await readChanges(kafka, codec, [`pis.${SCHEMA}.computed`]);
      assert.ok(seen.some(({ op }) => op === 'update'));
      return seen;
    },
    { what: 'the update', timeoutMs: 60_000 },
  );
  const update = changes.find(({ op }) => op === 'update');
  assert.equal([update?.after?.note, update?.after?.total], ['changed', 14]);
  const read = changes.find(({ op, after }) => op === 'read' && after?.id === 9);
  assert.equal([read?.after?.note, read?.after?.total], ['note 9', 18]);
});

test('columns that come and go between snapshots', async () => {
  const table = { schema: SCHEMA, table: 'computed' };
  await products.query(
    `alter table ${named('computed')} drop column price cascade, add column extra int default 5`,
  );
  const { keys } = await snapshotTable(context, { table });
  assert.is(keys, ROWS);
  const changes = await readChanges(kafka, codec, [`pis.${SCHEMA}.computed`]);
  const last = changes.filter(({ op, after }) => op === 'read' && after?.id === 9).at(-1);
  assert.equal(
    [last?.after?.extra, last?.after?.note, 'price' in (last?.after ?? {})],
    [5, 'note 9', false],
  );
});

test('row-level security: refused with what heals it, and nothing is changed', async () => {
  const table = { schema: SCHEMA, table: 'secret' };
  await products.query(`create table ${named('secret')} (id int primary key);
    insert into ${named('secret')} select generate_series(1, 10);
    alter table ${named('secret')} enable row level security`);
  await addTable(context, { table }).then(
    () => assert.unreachable(),
    (error: Error) =>
      assert.match(error.message, /Row-level security .* alter role debezium bypassrls/),
  );
  await products.query(`alter table ${named('secret')} disable row level security`);
  await addTable(context, { table });
  await products.query(`alter table ${named('secret')} enable row level security`);
  await snapshotTable(context, { table }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /Row-level security/),
  );
  await products.query(`alter table ${named('secret')} disable row level security`);
});

test('commands take turns: three tables at once are all read', async () => {
  const tables = ['one', 'two', 'three'];
  for (const table of tables) {
    await products.query(`create table ${named(table)} (id int primary key);
      insert into ${named(table)} select generate_series(1, ${ROWS})`);
  }
  await Promise.all(tables.map((table) => addTable(context, { table: { schema: SCHEMA, table } })));
  for (const table of tables) {
    assert.ok(
      bench.lines.includes(`Read all of ${SCHEMA}.${table}: ${ROWS} rows, ${ROWS} keys checked`),
      bench.lines.join('\n'),
    );
  }
  assert.ok(bench.lines.some((line) => line.startsWith('Waiting for add-table')));
  // The connector was restarted for each of them; its next heartbeat comes within seconds.
  await eventually(async () => assert.equal((await reportConnector(context)).problems, []), {
    what: 'no problems',
    timeoutMs: 60_000,
  });
});

test.run();
