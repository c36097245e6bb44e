// A table with any key type and columns is read whole, or the command says that it is not.
import { addTable } from '@shelfcast/connect-config/internals/add-table';
import { reportConnector } from '@shelfcast/connect-config/internals/status';
import { registerConnector } from '@shelfcast/connect-config/register';
import { snapshotTable } from '@shelfcast/connect-config/snapshot';
import { createCodec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { readChanges, readTopics, toChange } from '../support/topic-reader.ts';

const test = suite('snapshots are whole');

const harness = openConnectorHarness();
const { context, kafka } = harness;
const { products } = context;
const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });

const ROWS = 1_100;
const SCHEMA = `whole_${Date.now().toString(36)}`;

interface KeyCase {
  readonly columns: string;
  /** Of row `i`. */
  readonly values: string;
  /** Default `k`. */
  readonly key?: string;
  /** What stands behind the key's columns. */
  readonly include?: string;
  /** Rows beside those of `values`, as SQL. */
  readonly special?: string;
}

/**
 * Every type that can be a primary key; a test below holds that. Tables that are called as a type are types as well, of which
 * Debezium must not take one for the other.
 */
const KEYS: Readonly<Record<string, KeyCase>> = {
  instant: {
    columns: 'k timestamptz',
    values: "'2020-01-01 00:00:00.000001+02'::timestamptz + i * interval '1 hour'",
    special:
      "('infinity'), ('-infinity'), ('0044-03-15 12:00:00 BC'), ('12345-01-01 00:00:00.5+01')",
  },
  moment: {
    columns: 'k timestamp',
    values: "'1500-02-01'::timestamp + i * interval '33 days'",
    special: "('infinity'), ('-infinity'), ('0044-03-15 BC'), ('294276-12-31 23:59:59.999999')",
  },
  millis: { columns: 'k timestamp(3)', values: "'2020-01-01'::timestamp + i * interval '1.001 s'" },
  clock: {
    columns: 'k time',
    values: "'00:00'::time + i * interval '1 minute 1 second'",
    special: "('24:00'), ('23:59:59.999999')",
  },
  zoned_clock: {
    columns: 'k timetz',
    values: `((time '00:00' + i / 4 * interval '3 minutes')::text
      || (array['+00', '+05:30', '-03', '+01:00:30'])[1 + i % 4])::timetz`,
    special: "('12:01+01'), ('13:01+02'), ('14:01+03')",
  },
  bits: { columns: 'k bit(12)', values: 'i::bit(12)' },
  varying_bits: {
    columns: 'k varbit',
    values: 'i::bit(12)::varbit',
    special: "(''), ('0'), ('00'), ('1')",
  },
  date: {
    columns: 'k date',
    values: "'1400-01-01'::date + i * 200",
    special: "('infinity'), ('-infinity'), ('0044-03-15 BC'), ('5874897-12-31')",
  },
  interval: {
    columns: 'k interval',
    values: "i * interval '1 month 1 day 00:00:00.5'",
    special: "('infinity'), ('-infinity'), ('-1 year 2 days -03:00'), ('1 month -31 days')",
  },
  amount: {
    columns: 'k numeric',
    values: 'i / 8.0',
    special: "('NaN'), ('Infinity'), ('-Infinity'), (-0.5), (1e40), (1e-40), ('-12.50000')",
  },
  numeric: { columns: 'k numeric(9,3)', values: 'i / 8.0', special: "('NaN')" },
  hundreds: { columns: 'k numeric(5,-2)', values: 'i * 100 - 5000' },
  cash: { columns: 'k money', values: '(i / 4.0 - 50)::numeric::money' },
  ratio: {
    columns: 'k float8',
    values: 'i / 7.0 - 50.05',
    special: "('NaN'), ('Infinity'), ('-Infinity'), ('-0'), (1e-300)",
  },
  small_ratio: {
    columns: 'k float4',
    values: '(i / 7.0 - 50.05)::float4',
    special: "('NaN'), ('Infinity'), ('-Infinity'), ('-0')",
  },
  tiny: { columns: 'k int2', values: 'i - 600' },
  large: { columns: 'k int8', values: '9007199254740990 + i' },
  object: { columns: 'k oid', values: '4294960000 + i' },
  identity: { columns: 'k uuid', values: 'md5(i::text)::uuid' },
  address: {
    columns: 'k inet',
    values: "'10.0.0.0'::inet + i",
    special: "('10.0.0.0/8'), ('::1')",
  },
  network: { columns: 'k cidr', values: "format('10.%s.%s.0/24', i / 256, i % 256)::cidr" },
  device: { columns: 'k macaddr', values: "lpad(to_hex(i * 77), 12, '0')::macaddr" },
  device8: { columns: 'k macaddr8', values: "lpad(to_hex(i * 77), 16, '0')::macaddr8" },
  picture: { columns: 'k bytea', values: "decode(md5(i::text), 'hex')", special: "('')" },
  padded: { columns: 'k char(6)', values: "'a' || i" },
  word: { columns: 'k varchar(20)', values: "(array['Ä', 'z', 'A', '_'])[1 + i % 4] || i" },
  name: { columns: 'k name', values: "('N' || i)::name" },
  letter: { columns: 'k "char", n int', values: 'chr(65 + i % 26)::"char", i', key: 'k, n' },
  yes_or_no: { columns: 'k boolean, n int', values: 'i % 2 = 0, i', key: 'k, n' },
  whatever_case: { columns: 'k citext', values: "(array['Ä', 'z', 'A', '_'])[1 + i % 4] || i" },
  path: { columns: 'k ltree', values: "('a.b' || i % 9 || '.c' || i)::ltree" },
  pairs: { columns: 'k hstore', values: "hstore('k', i::text)" },
  german: {
    columns: 'k text collate "de-x-icu"',
    values: "(array['ä', 'z', 'A', 'ß'])[1 + i % 4] || i",
  },
  any_case: {
    columns: `k text collate ${SCHEMA}.any_case`,
    values: "(array['ä', 'z', 'A', 'ß'])[1 + i % 4] || i",
  },
  text: {
    columns: 'k text',
    values: "(select string_agg(md5(i::text || j), '') from generate_series(1, 70) j)",
  },
  mood: {
    columns: `k ${SCHEMA}.feeling, n int`,
    values: `(array['happy', 'Ünhappy', 'a,b'])[1 + i % 3]::${SCHEMA}.feeling, i`,
    key: 'k, n',
  },
  since: {
    columns: `k ${SCHEMA}.at_last`,
    values: "'2020-01-01'::timestamptz + i * interval '1 s'",
  },
  tags: {
    columns: 'k int[]',
    values: 'array[i % 7, i]',
    special: "('{}'), ('{1,NULL}'), ('[0:1]={1,2}')",
  },
  words: {
    columns: 'k text[]',
    values: `array[i::text, '"', 'a,b', '']`,
    special: `('{{a,b},{c,d}}'), ('{NULL,"NULL"}')`,
  },
  instants: {
    columns: 'k timestamptz[]',
    values: "array['2020-01-01'::timestamptz + i * interval '1 s']",
    special: "('{infinity}'), ('{0044-03-15 BC}')",
  },
  moments: {
    columns: 'k timestamp[]',
    values: "array['2020-01-01'::timestamp + i * interval '1 s']",
  },
  amounts: { columns: 'k numeric[]', values: 'array[i / 8.0, 1.50]', special: "('{NaN}')" },
  pictures: { columns: 'k bytea[]', values: "array[decode(md5(i::text), 'hex')]" },
  moods: {
    columns: `k ${SCHEMA}.feeling[], n int`,
    values: `array['happy', 'a,b']::${SCHEMA}.feeling[], i`,
    key: 'k, n',
  },
  span: { columns: 'k int4range', values: 'int4range(i, i + 5)', special: "('empty'), ('(,)')" },
  times: { columns: 'k tstzrange', values: "tstzrange(to_timestamp(i), null, '[]')" },
  spans: { columns: 'k int4multirange', values: 'int4multirange(int4range(i, i + 5))' },
  pair: {
    columns: `k ${SCHEMA}.couple`,
    values: `row(to_timestamp(i), 'a "b", ' || i)::${SCHEMA}.couple`,
  },
  document: { columns: 'k jsonb', values: "jsonb_build_object('i', i, 'a', array['x\"'])" },
  lexemes: { columns: 'k tsvector', values: "to_tsvector('simple', 'w' || i || ' it''s')" },
  search: { columns: 'k tsquery', values: "to_tsquery('simple', 'w' || i || ' & b')" },
  lsn: { columns: 'k pg_lsn', values: "('1/' || to_hex(i * 4096))::pg_lsn" },
  transaction: { columns: 'k xid8', values: 'i::text::xid8' },
  place: { columns: 'k tid', values: "format('(%s,%s)', i, i % 100 + 1)::tid" },
  objects: { columns: 'k oidvector', values: "(i || ' 7')::oidvector" },
  relation: { columns: 'k regclass, n int', values: "'pg_class'::regclass, i", key: 'k, n' },
  'Odd-Name': { columns: '"K y" text', values: "'größe ' || i", key: '"K y"' },
  mixed: {
    columns: 'a date, b timestamptz, c text',
    values: "'2020-01-01'::date + i % 3, to_timestamp(i), 'x' || i",
    key: 'a, b, c',
  },
  another_order: {
    columns: 'a date, b timestamptz, c text, d money',
    values: "'2020-01-01'::date + i % 3, to_timestamp(i), 'x' || i % 40, i::money",
    key: 'd, c, a, b',
  },
  included: {
    columns: 'n int, k timestamptz, extra json',
    values: "i, to_timestamp(i), case when i % 3 > 0 then '{}'::json end",
    include: 'include (extra, n)',
  },
  generated: {
    columns: 'n int, k text generated always as (md5(n::text)) stored',
    values: 'i',
  },
};

const named = (table: string) => `${SCHEMA}."${table}"`;

test.before(async () => {
  await products.query(`create schema ${SCHEMA}; grant usage on schema ${SCHEMA} to debezium;
    create extension if not exists citext; create extension if not exists ltree; create extension if not exists hstore;
    create type ${SCHEMA}.feeling as enum ('happy', 'Ünhappy', 'a,b');
    create domain ${SCHEMA}.at_once as timestamptz(6) not null;
    create domain ${SCHEMA}.at_last as ${SCHEMA}.at_once check (value > '2000-01-01');
    create type ${SCHEMA}.couple as (a timestamptz, b text);
    create collation ${SCHEMA}.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
});

test.after(async () => {
  await products.query(`drop schema ${SCHEMA} cascade`);
  await products.query('delete from shelfcast.captured_tables where table_schema = $1', [SCHEMA]);
  await registerConnector(context);
  codec.close();
  await harness.close();
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

/** The first column of the key routes, as add-table has it. */
const routingColumn = ({ key = 'k' }: KeyCase) => (key.split(', ')[0] ?? '').replaceAll('"', '');

test('every type of key: all rows are read, all keys are checked', async () => {
  const wanted = new Map<string, number>();
  for (const [table, one] of Object.entries(KEYS)) {
    const { columns, values, special, key = 'k', include = '' } = one;
    await products.query(`create table ${named(table)} (${columns}, payload text, primary key (${key}) ${include});
      insert into ${named(table)} select ${values} from generate_series(0, ${ROWS - 1}) as i;
      ${special === undefined ? '' : `insert into ${named(table)} values ${special}`}`);
    const { rows } = await products.query<{ count: number }>(
      `select count(*)::int as count from ${named(table)}`,
    );
    wanted.set(table, rows[0]?.count ?? 0);
    await capture(table, routingColumn(one));
  }
  const { read, unread } = await registerConnector(context);
  assert.equal(
    unread.map(({ table, error }) => `${table.table}: ${error.message}`),
    [],
  );
  assert.equal(read.map(({ table, keys }) => [table.table, keys]).sort(), [...wanted].sort());
  assert.ok(read.every(({ rows }) => rows >= ROWS));

  for (const table of wanted.keys()) {
    await products.query(`update ${named(table)} set payload = 'changed'
      where ctid in (select ctid from ${named(table)} order by ctid desc limit 40)`);
  }
  await snapshotTable(context, { table: { schema: SCHEMA, table: 'tiny' } }); // behind all of that
  const seen = new Map<string, Map<string, Set<number>>>();
  const topics = [...wanted.keys()].map((table) => `pis.${SCHEMA}.${table}`);
  for (const record of await readTopics(kafka, topics)) {
    const table = record.topic.split('.').at(-1) ?? '';
    const keys = seen.get(table) ?? new Map<string, Set<number>>();
    const key = (await toChange(codec, record))?.key ?? '';
    seen.set(table, keys.set(key, (keys.get(key) ?? new Set()).add(record.partition)));
  }
  for (const [table, count] of wanted) {
    const partitions = seen.get(table) ?? new Map<string, Set<number>>();
    assert.is(partitions.size, count, `${table}: keys in its topic`);
    const spread = [...partitions].filter(([, of]) => of.size > 1).map(([key]) => key);
    assert.equal(spread.slice(0, 3), [], `${table}: each key has one partition`);
  }
});

test('there is no other type that can be a key', async () => {
  const { rows } = await products.query<{ type: string }>(
    `select t.typname as type from pg_opclass o join pg_am m on m.oid = o.opcmethod join pg_type t on t.oid = o.opcintype
     where m.amname = 'btree' and o.opcdefault and t.typnamespace = 'pg_catalog'::regnamespace
     except
     select case b.typtype when 'e' then 'anyenum' when 'c' then 'record' when 'r' then 'anyrange' when 'm' then 'anymultirange'
              else case when b.typcategory = 'A' and b.typname <> 'oidvector' then 'anyarray' when b.typname = 'varchar' then 'text'
                   else b.typname end end
     from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = any(k.conkey)
     join pg_type b on b.oid = a.atttypid
     where k.contype = 'p' and k.connamespace = $1::regnamespace`,
    [SCHEMA],
  );
  assert.equal(rows, []);
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

test('a deferrable key is refused: after "id = id + 1" the topic would show one of five rows', async () => {
  const table = { schema: SCHEMA, table: 'deferred' };
  await products.query(`create table ${named('deferred')} (id int primary key deferrable)`);
  await addTable(context, { table }).then(
    () => assert.unreachable(),
    (error: Error) => assert.match(error.message, /is deferrable.*drop constraint .* first\./),
  );
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
      harness.lines.includes(`Read all of ${SCHEMA}.${table}: ${ROWS} rows, ${ROWS} keys checked`),
      harness.lines.join('\n'),
    );
  }
  assert.ok(harness.lines.some((line) => line.startsWith('Waiting for add-table')));
  // The connector was restarted for each of them; its next heartbeat comes within seconds.
  await eventually(async () => assert.equal((await reportConnector(context)).problems, []), {
    what: 'no problems',
    timeoutMs: 60_000,
  });
});

test.run();
