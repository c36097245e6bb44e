// Values and keys compare exactly between two databases that order, encode and print text in different ways.
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { checkTable, look } from '@shelfcast/consumers/internals/reconcile/check';
import { isEqual } from '@shelfcast/consumers/internals/reconcile/judge';
import { differingColumns } from '@shelfcast/consumers/internals/reconcile/logged';
import { modelValues, readModelKeys } from '@shelfcast/consumers/internals/reconcile/model-rows';
import { type ComparedTable, planComparison } from '@shelfcast/consumers/internals/reconcile/plan';
import { readSourceRows, sourceValues } from '@shelfcast/consumers/internals/reconcile/source-rows';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConnectorHarness } from '../support/connector.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { publishedColumns } from '../support/odd-database.ts';

interface Context {
  source: TestDatabase;
  products: Pool;
  database: TestDatabase;
  consumers: Pool;
}

const test = suite<Context>('reconcile: values');

const poolAt = (url: string, options: string): Pool => {
  const pool = createPool({
    url,
    max: 2,
    applicationName: 'reconcile-values',
    log: silentLogger(),
  });
  pool.on('connect', (client) => client.query(options));
  return pool;
};

/** As people's databases set them, on one side and on the other. */
const SOURCE_PRINTS = `set timezone = 'Asia/Kathmandu'; set datestyle = 'SQL, DMY'; set bytea_output = 'escape';
  set intervalstyle = 'sql_standard'; set extra_float_digits = 0; set search_path = public`;
const MODEL_PRINTS = `set timezone = 'America/St_Johns'; set datestyle = 'German'; set extra_float_digits = 3`;

const LARGE_ROWS = process.env.SOAK === '1' ? 1_000_000 : 20_000;

/** Column, its type at the source, its type in the read model, and values that are the same on both sides. */
const VALUES: readonly (readonly [string, string, string, readonly string[]])[] = [
  ['n', 'numeric(12,2)', 'numeric', ["'19.90'", "'0.00'", "'-0.10'", 'null']],
  ['big', 'numeric', 'numeric', ["'1e40'", "'NaN'", "'0.000000000000000000001'", "'120.0'"]],
  ['i', 'int', 'bigint', ['1', '-2147483648', '0', 'null']],
  ['l', 'bigint', 'numeric', ['9007199254740993', '-1', '0', 'null']],
  ['c', 'char(5)', 'text', ["'ab'", "''", "'ß'", 'null']],
  ['t', 'text', 'text', ["'Größe \u{1F600}'", "''", "E'a\\nb\\tc\"\\\\'", "'null'"]],
  [
    'tz',
    'timestamptz',
    'timestamptz',
    ["'2024-02-29 23:59:59.999999+05:45'", "'infinity'", "'0044-03-15 12:00:00+00 BC'", 'null'],
  ],
  ['d', 'date', 'date', ["'2024-02-29'", "'-infinity'", "'9999-12-31'", 'null']],
  ['iv', 'interval', 'interval', ["'1 mon -2 days 03:04:05.678'", "'0'", "'-1 year'", 'null']],
  ['f', 'float8', 'float8', ['0.1::float8 + 0.2', "'-0'", "'NaN'", "'5e-324'"]],
  ['j', 'jsonb', 'jsonb', ['\'{"b": 1.00, "a": [null, "ß"]}\'', "'null'", '\'""\'', 'null']],
  ['js', 'json', 'jsonb', ['\'{"b":1, "a":2}\'', "'[]'", "'1e2'", 'null']],
  ['b', 'bytea', 'bytea', ["'\\x00ff'", "''", "'\\x5c'", 'null']],
  ['u', 'uuid', 'uuid', ["'B68A35A7-17AD-35B3-AF2A-AE46EDB4545A'", 'null', 'null', 'null']],
  ['a', 'text[]', 'text[]', ["array['a,b', null, '\"']", "'{}'", "array['NULL']", 'null']],
  ['o', 'boolean', 'boolean', ['true', 'false', 'null', 'null']],
];

test.before(async (context) => {
  context.source = await createTestDatabase();
  context.products = poolAt(context.source.url, SOURCE_PRINTS);
  await context.products.query('create schema shelfcast');
  await context.products.query(publishedColumns());
  context.database = await createTestDatabase();
  await migrateConsumers(context.database.url, []);
  context.consumers = poolAt(context.database.url, MODEL_PRINTS);
  await context.consumers.query('create schema model');
});

test.after(async (context) => {
  await context.products.end();
  await context.consumers.end();
  await context.database.drop();
  await context.source.drop();
});

async function plan(
  { products, consumers }: Context,
  table: string,
  columns: readonly string[],
): Promise<ComparedTable> {
  return await planComparison(
    { products, consumers },
    { name: 'model', tables: [`public.${table}`] },
    { entity: table, table, key: 'key', columns },
    'pis',
  );
}

/** How many keys differ, by the columns in which they do. */
async function differences(
  context: Context,
  table: ComparedTable,
): Promise<Record<string, string[]>> {
  const { products, consumers } = context;
  const keys = new Set<string>();
  for await (const rows of readSourceRows(products, table, 3))
    for (const { key } of rows) keys.add(key);
  for await (const batch of readModelKeys(consumers, table, 3))
    for (const key of batch) keys.add(key);
  const all = [...keys];
  const wanted = await sourceValues(products, table, all);
  const found = await modelValues(consumers, table, all);
  const different: Record<string, string[]> = {};
  for (const [key, sight] of await look({ products, consumers }, table, all)) {
    if (isEqual(sight)) continue;
    different[key] = differingColumns(table, wanted.get(key), found.get(key));
  }
  return different;
}

test('values of many types are equal, and another value is not', async (context) => {
  const { products, consumers } = context;
  const names = VALUES.map(([name]) => name);
  await products.query(
    `create table vals (id int primary key, ${VALUES.map(([name, type]) => `${name} ${type}`).join(', ')})`,
  );
  await consumers.query(
    `create table model.vals (key text primary key, ${VALUES.map(([name, , type]) => `${name} ${type}`).join(', ')})`,
  );
  for (let row = 0; row < 4; row += 1) {
    const values = VALUES.map(([, type, , all]) => `cast(${all[row]} as ${type})`).join(', ');
    await products.query(`insert into vals values (${row}, ${values})`);
    const stored = VALUES.map(
      ([, type, model, all]) => `cast(cast(${all[row]} as ${type}) as ${model})`,
    );
    await consumers.query(`insert into model.vals values ('${row}', ${stored.join(', ')})`);
  }
  const table = await plan(context, 'vals', names);
  assert.equal(await differences(context, table), {});

  for (const name of names) {
    await consumers.query(`update model.vals set ${name} = null where key = '0'`);
    assert.equal((await differences(context, table))['0'], [name]);
    const [, type, model, all] = VALUES.find(([one]) => one === name) ?? ['', '', '', []];
    await consumers.query(
      `update model.vals set ${name} = cast(cast(${all[0]} as ${type}) as ${model}) where key = '0'`,
    );
  }
  assert.equal(await differences(context, table), {});
  // Null is not empty, and the last bit counts.
  await consumers.query(
    `update model.vals set t = null, f = 0.3, n = 19.91 where key in ('0', '1')`,
  );
  assert.equal(await differences(context, table), { 0: ['n', 't', 'f'], 1: ['n', 't', 'f'] });
});

test('keys with every odd character, in databases that sort them differently', async (context) => {
  const { products, consumers } = context;
  const keys = [
    ...[
      'a',
      'A',
      'ä',
      'z',
      'Z',
      'a b',
      'a-b',
      'ab',
      '10',
      '9',
      ' ',
      '\u00a0',
      '"',
      "'",
      '\\',
      '%',
      '_',
    ],
    ...[
      '\n',
      '\t',
      '\u0001',
      '\u001f',
      '{}',
      '[1]',
      'null',
      '$1',
      'é',
      'e\u0301',
      '\u{1F600}',
      '\uffff',
    ],
  ];
  await products.query('create table odd (id text collate "en-x-icu" primary key, v int)');
  await consumers.query('create table model.odd (key text collate "C", v int)');
  await consumers.query('create unique index on model.odd (runtime.bounded(key))');
  await consumers.query('create index on model.odd using hash (key)');
  for (const key of keys) {
    await products.query('insert into odd values ($1, length($1))', [key]);
    await consumers.query('insert into model.odd values ($1, length($1))', [key]);
  }
  await consumers.query('insert into model.odd values ($1, 1)', ['x'.repeat(5_000)]);
  const table = await plan(context, 'odd', ['v']);
  assert.equal(Object.keys(await differences(context, table)), ['x'.repeat(5_000)]);
});

test('composite keys, and rows whose key is none', async (context) => {
  const { products, consumers } = context;
  await products.query(
    'create table parts (a text, n numeric(8, 2), b bytea, v int, primary key (a, n, b))',
  );
  await consumers.query('create table model.parts (key text primary key, v int)');
  const keys = [
    ['', '1.00', '\\x'],
    ['["', '-0.50', '\\x00ff'],
    ['a,b', '1.00', '\\x5c'],
  ];
  for (const [at, parts] of keys.entries()) {
    await products.query('insert into parts values ($1, $2, $3::text::bytea, $4)', [...parts, at]);
    await consumers.query('insert into model.parts values ($1, $2)', [JSON.stringify(parts), at]);
  }
  const table = await plan(context, 'parts', ['v']);
  assert.equal(await differences(context, table), {});
  for (const key of ['x', '["a"]', '["a","one","\\\\x"]', '["\\u0000","1","\\\\x"]', '{}']) {
    await consumers.query('insert into model.parts values ($1, 1)', [key]);
    assert.equal(await differences(context, table), { [key]: [] });
    await consumers.query('delete from model.parts where key = $1', [key]);
  }
});

test('a large table, in memory that has a limit', async (context) => {
  const { products, consumers } = context;
  const columns = ['name', 'price', 'attributes', 'at'];
  const rows = (first: string) =>
    `select ${first}, 'Name of row ' || nr, nr / 100.0, jsonb_build_object('nr', nr), to_timestamp(nr)
     from generate_series(1, ${LARGE_ROWS}) as s(nr)`;
  const types = 'name text, price numeric, attributes jsonb, at timestamptz';
  await products.query(`create table large (id int primary key, ${types})`);
  await products.query(`insert into large ${rows('nr')}`);
  await consumers.query(`create table model.large (key text primary key, ${types})`);
  await consumers.query(`insert into model.large ${rows('nr::text')}`);
  await products.query('analyze large');
  await consumers.query('analyze model.large');
  const { context: source, kafka, close } = openConnectorHarness();
  const admin = kafka.createAdmin();
  try {
    const startedAtMs = performance.now();
    const before = process.memoryUsage().rss;
    let most = before;
    const result = await checkTable(
      {
        source: { ...source, products, admin },
        ...{ consumers, codec: source.codec, reader: source.reader, patienceMs: 1_000 },
        onProgress() {
          most = Math.max(most, process.memoryUsage().rss);
        },
      },
      await plan(context, 'large', columns),
    );
    assert.equal(
      [result.sourceRows, result.modelRows, result.differences],
      [LARGE_ROWS, LARGE_ROWS, []],
    );
    const seconds = (performance.now() - startedAtMs) / 1_000;
    const grownMiB = Math.round((most - before) / 1_048_576);
    console.log(`# ${LARGE_ROWS} rows in ${seconds.toFixed(1)} s, ${grownMiB} MiB more`);
    assert.ok(grownMiB < 150, `${grownMiB} MiB`);
  } finally {
    await admin.close();
    await close();
  }
});

test('what has no form in common is refused in a sentence', async (context) => {
  const { products, consumers } = context;
  await products.query('create table refused (id timestamptz primary key, at timestamptz)');
  await products.query('create table texts (id int primary key, at timestamptz)');
  await consumers.query('create table model.refused (key text primary key, at timestamptz)');
  await consumers.query('create table model.texts (key text primary key, at text)');
  const refusal = (table: string, columns: readonly string[]) =>
    plan(context, table, columns).then(
      () => '',
      (error: unknown) => String(error),
    );
  assert.match(await refusal('refused', []), /key column id of type timestamp with time zone/);
  assert.match(await refusal('texts', ['at']), /model.texts.at is text, and timestamptz/);
  assert.match(await refusal('texts', ['no']), /model.texts has no column no/);
});

test.run();
