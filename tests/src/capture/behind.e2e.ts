// What was written while nothing read it, and altered since: the stream is read as it was written, not by today's catalog.

import { CONNECTOR } from '@shelfcast/connect-config/context';
import { addTable } from '@shelfcast/connect-config/internals/add-table';
import { waitUntilRunning, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { openOwnTables } from '../support/own-tables.ts';
import { readChanges } from '../support/topic-reader.ts';

const test = suite('altered before it was read');

const harness = openConnectorHarness();
const { context, kafka } = harness;
const { products, client } = context;
const tables = openOwnTables(harness);
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
const mood = `behind_${Date.now().toString(36)}`;

test.after(async () => {
  await tables.remove();
  await products.query(`drop type if exists ${mood}`);
  codec.close();
  await harness.close();
});

/** Makes these changes, one transaction each, while the connector is stopped. */
async function whileStopped(statements: readonly string[]): Promise<void> {
  await client.stop(CONNECTOR);
  await waitUntilStopped({ client, connector: CONNECTOR });
  for (const statement of statements) await products.query(statement);
  await client.resume(CONNECTOR);
  await waitUntilRunning({ client, connector: CONNECTOR });
}

/** Makes these changes, one transaction each, while the connector runs and waits for its heartbeat. */
async function whileHeld(statements: readonly string[]): Promise<void> {
  const holder = await products.connect();
  try {
    await holder.query('begin; lock table shelfcast.heartbeat in access exclusive mode');
    await eventually(
      async () => {
        const { rowCount } = await products.query(
          "select from pg_locks where relation = 'shelfcast.heartbeat'::regclass and not granted",
        );
        assert.is(rowCount, 1);
      },
      { timeoutMs: 30_000, intervalMs: 50, what: 'the connector waits' },
    );
    for (const statement of statements) await products.query(statement);
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

async function streamed(table: string, count: number): Promise<Change[]> {
  let found: Change[] = [];
  await eventually(
    async () => {
      found = (await readChanges(kafka, codec, [cdcTopic({ schema: 'public', table })])).filter(
        ({ op }) => op !== 'read',
      );
      assert.is(found.length, count);
    },
    { timeoutMs: 40_000, intervalMs: 500, what: `${count} changes of ${table}` },
  );
  return found;
}

const byId = (changes: readonly Change[]) =>
  changes
    .map(({ after }) => after)
    .toSorted((a, b) => Number(a?.id ?? a?.nr) - Number(b?.id ?? b?.nr));

test('a new label of an enum, and a column that was dropped afterwards', async () => {
  await products.query(`create type ${mood} as enum ('sad')`);
  const table = await tables.make('enum', `id int primary key, m ${mood}, x text, y text`);
  await addTable(context, { table: { schema: 'public', table } });
  await whileHeld([
    `insert into ${table} values (0, 'sad', 'x0', 'y0')`,
    `alter type ${mood} add value 'new'`,
    `insert into ${table} values (1, 'new', 'x1', 'y1')`,
    `insert into ${table} values (2, 'new', 'x2', 'y2')`,
    `alter table ${table} drop column x`,
    `insert into ${table} values (3, 'new', 'y3')`,
  ]);
  assert.equal(byId(await streamed(table, 4)), [
    { id: 0, m: 'sad', x: 'x0', y: 'y0' },
    { id: 1, m: 'new', x: 'x1', y: 'y1' },
    { id: 2, m: 'new', x: 'x2', y: 'y2' },
    { id: 3, m: 'new', y: 'y3' },
  ]);
});

const keysOf = (changes: readonly Change[]) => changes.map(({ op, key }) => `${op} ${key}`).sort();

test('the key’s column renamed', async () => {
  const table = await tables.make('renamed', 'id int primary key, note text');
  await addTable(context, { table: { schema: 'public', table } });
  await whileHeld([
    `insert into ${table} values (1, 'a')`,
    `update ${table} set note = 'b'`,
    `alter table ${table} rename column id to nr`,
    `insert into ${table} values (2, 'c')`,
    `delete from ${table} where nr = 1`,
  ]);
  assert.equal(keysOf(await streamed(table, 4)), ['create 1', 'create 2', 'delete 1', 'update 1']);
});

test('columns of a key renamed, among others that come and go, while the connector is stopped', async () => {
  const table = await tables.make(
    'renamed_two',
    'note text, a int, gone text, b text, last text, primary key (b, a)',
  );
  await addTable(context, { table: { schema: 'public', table }, routingColumn: 'last' });
  await whileStopped([
    `insert into ${table} values ('n', 1, 'g', 'one', 'l')`,
    `alter table ${table} rename column b to bb`,
    `insert into ${table} values ('n', 2, 'g', 'two', 'l')`,
    `alter table ${table} rename column a to aa; alter table ${table} add column added int default 7`,
    `insert into ${table} values ('n', 3, 'g', 'three', 'l', 8)`,
    `update ${table} set note = 'm' where aa = 1`,
  ]);
  assert.equal(keysOf(await streamed(table, 4)), [
    'create ["one","1"]',
    'create ["three","3"]',
    'create ["two","2"]',
    'update ["one","1"]',
  ]);
});

test('a column of another type under the name of one that was dropped', async () => {
  const table = await tables.make('retyped', 'id int primary key, v text, w text');
  await addTable(context, { table: { schema: 'public', table } });
  await whileStopped([
    `insert into ${table} values (1, 'text', 'w1')`,
    `alter table ${table} drop column v`,
    `insert into ${table} values (2, 'w2')`,
    `alter table ${table} add column v numeric(7,2)`,
    `insert into ${table} values (3, 'w3', 1.5)`,
    `alter table ${table} alter column v type date using '2026-01-01', alter column w type int using 7`,
    `insert into ${table} values (4, 4, '2026-02-03')`,
  ]);
  assert.equal(byId(await streamed(table, 4)), [
    { id: 1, v: 'text', w: 'w1' },
    { id: 2, w: 'w2' },
    { id: 3, w: 'w3', v: '1.50' },
    { id: 4, w: 4, v: '2026-02-03' },
  ]);
});

for (const [when, meanwhile] of [
  ['runs', whileHeld],
  ['is stopped', whileStopped],
] as const) {
  test(`types that are dropped while the connector ${when}: their values come as text`, async () => {
    const types = `${mood}_${when.slice(0, 2)}`;
    await products.query(`create type ${types}_enum as enum ('sad'); create domain ${types}_amount as numeric(7,2);
      create type ${types}_pair as (a int, b text)`);
    const columns = `id int primary key, m ${types}_enum, v ${types}_amount, p ${types}_pair`;
    const table = await tables.make(`types_${when.slice(0, 2)}`, columns);
    await addTable(context, { table: { schema: 'public', table } });
    await meanwhile([
      `insert into ${table} values (1, 'sad', 1.5, row(1, 'x,y'))`,
      `alter table ${table} alter m type text, alter v type text, alter p type text`,
      `drop type ${types}_enum; drop type ${types}_pair; drop domain ${types}_amount`,
      `insert into ${table} values (2, 'free', 'free', 'free')`,
    ]);
    assert.equal(byId(await streamed(table, 2)), [
      { id: 1, m: 'sad', v: '1.50', p: '(1,"x,y")' },
      { id: 2, m: 'free', v: 'free', p: 'free' },
    ]);
  });
}

test('another key', async () => {
  const table = await tables.make('again', 'id int primary key, note text');
  await addTable(context, { table: { schema: 'public', table } });
  await whileStopped([
    `insert into ${table} values (1, 'a')`,
    `alter table ${table} drop constraint ${table}_pkey, add primary key (id, note)`,
    `insert into ${table} values (2, 'b')`,
  ]);
  const changes = await streamed(table, 2);
  assert.equal(
    changes.map(({ op }) => op),
    ['create', 'create'],
  );
  assert.ok(
    changes.every(({ key }) => key !== null),
    String(changes.map(({ key }) => key)),
  );
});

/** Values that stand outside of their row, and are not sent where an update leaves them alone. */
const LONG: Readonly<Record<string, string>> = {
  'text[]': `array(select md5(i::text) from generate_series(1, 200) i)`,
  'uuid[]': `array(select md5(i::text)::uuid from generate_series(1, 300) i)`,
  'int[]': 'array(select i * 1000003 from generate_series(1, 2000) i)',
  'timestamptz[]': `array(select '2026-01-01 00:00:00+00'::timestamptz + i * interval '1 hour' from generate_series(1, 900) i)`,
  'numeric(12,2)[]': 'array(select i * 3.25 from generate_series(1, 900) i)',
  text: `(select string_agg(md5(i::text), '') from generate_series(1, 200) i)`,
  bytea: `(select string_agg(decode(md5(i::text), 'hex'), '') from generate_series(1, 300) i)`,
  jsonb: `(select jsonb_object_agg(md5(i::text), i) from generate_series(1, 100) i)`,
  xml: `(select ('<a>' || string_agg(md5(i::text), '') || '</a>')::xml from generate_series(1, 200) i)`,
  numeric: `(repeat('123456789', 1000) || '.' || repeat('97', 700))::numeric`,
  varbit: `(select string_agg((i % 256)::bit(8)::text, '') from generate_series(1, 5000) i)::varbit`,
  tsvector: `(select string_agg(md5(i::text), ' ') from generate_series(1, 200) i)::tsvector`,
  polygon: `(select ('(' || string_agg('(' || i || ',' || i * i || ')', ',') || ')')::polygon from generate_series(1, 300) i)`,
  int4multirange: `(select range_agg(int4range(i * 10, i * 10 + 3)) from generate_series(1, 500) i)`,
};

test('long values that an update leaves alone', async () => {
  const types = Object.keys(LONG);
  const columns = types.map((type, at) => `c${at} ${type}`).join(', ');
  const table = await tables.make('long', `id int primary key, note text, ${columns}`);
  await products.query(
    types.map((_, at) => `alter table ${table} alter c${at} set storage external;`).join(' '),
  );
  await addTable(context, { table: { schema: 'public', table } });
  await products.query(`insert into ${table} select 1, 'a', ${Object.values(LONG).join(', ')};
    update ${table} set note = 'b'`);
  const [created, updated] = await streamed(table, 2);
  for (const [at, type] of types.entries()) {
    assert.ok(created?.after?.[`c${at}`] != null, type);
    assert.equal(updated?.after?.[`c${at}`], created?.after?.[`c${at}`], type);
    assert.equal(updated?.before?.[`c${at}`], created?.after?.[`c${at}`], type);
  }
  assert.is(updated?.after?.note, 'b');
});

test.run();
