// What can happen to a captured table in Postgres: each case is found with the command that heals it, and what that command
// does in the database leaves nothing to be found. Every case is a transaction that is taken back.
import { checkCapture } from '@shelfcast/connect-config/health/check-source';
import { readDatabase } from '@shelfcast/connect-config/health/read-source';
import { captureWhole } from '@shelfcast/product-database/capture-table';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { migrateProducts } from '@shelfcast/product-database/migrate';
import { ensureOwnTables } from '@shelfcast/product-database/own-tables';
import { ensurePublication } from '@shelfcast/product-database/publication';
import { rememberIdentity } from '@shelfcast/product-database/table-identity';
import type { Finding } from '@shelfcast/service-kit/finding';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../support/database.ts';

const test = suite('identity of captured tables');
const database = await createTestDatabase();
const owner = new pg.Client({ connectionString: database.url });

test.before(async () => {
  await migrateProducts({ connectionString: database.url, debeziumPassword: 'debezium' });
  await owner.connect();
  await owner.query(`
    create table orders (id int, month date, primary key (id, month)) partition by range (month);
    create table orders_jan partition of orders for values from ('2026-01-01') to ('2026-02-01');
    create table orders_feb partition of orders for values from ('2026-02-01') to ('2026-03-01');
    insert into shelfcast.captured_tables (table_schema, table_name, routing_column, backfill_requested_at)
      values ('public', 'orders_jan', 'id', now()), ('public', 'orders_feb', 'id', now());`);
  await recapture();
});
test.after(async () => {
  await owner.end();
  await database.drop();
});

/** The database's part of reading every table again. */
async function recapture(): Promise<void> {
  await ensurePublication(owner);
  for (const table of await listCapturedTables(owner)) await captureWhole(owner, table);
}

async function problems(): Promise<Finding[]> {
  const { capture } = await readDatabase(owner);
  assert.ok(capture);
  return capture === undefined
    ? []
    : checkCapture(capture).filter(({ level }) => level === 'problem');
}

async function takenBack(work: () => Promise<void>): Promise<void> {
  await owner.query('begin');
  try {
    await work();
  } finally {
    await owner.query('rollback');
  }
}

test('nothing is wrong with what the migration made', async () => {
  assert.equal(await problems(), []);
});

test('what is harmless is not found', () =>
  takenBack(async () => {
    await owner.query(`
      alter table countries add column population bigint;
      alter table countries add column area int not null default 7;
      alter table countries alter column name type varchar(80);
      alter table countries rename column manager to head;
      alter table countries drop column total_sales;
      create index on countries (name);
      reindex table countries;
      truncate countries;
      comment on table countries is 'x';
      create table bystanders (id int);
      alter publication shelfcast add table bystanders;`);
    assert.equal(await problems(), []);
  }));

interface Case {
  readonly sql: string;
  readonly check: string;
  readonly subject?: string;
  readonly summary: RegExp;
  /** Whether what reading again does in the database is what heals it. */
  readonly isReadAgain?: true;
  /** Run instead, where the command is SQL. */
  readonly isSql?: true;
}

const COPY = `create table countries_new (like countries including all);
  insert into countries_new (country_id, name) values ('NEW', 'New');`;
const table = { subject: 'public.countries' } as const;
const again = { isReadAgain: true } as const;

const cases: Readonly<Record<string, Case>> = {
  dropped: {
    ...{ sql: 'drop table countries', check: 'captured-tables', ...table },
    summary: /it was dropped/,
  },
  renamed: {
    ...{ sql: 'alter table countries rename to nations', check: 'captured-tables', ...table },
    summary: /was renamed to public\.nations/,
  },
  'moved to another schema': {
    sql: 'create schema geo; alter table countries set schema geo',
    ...{ check: 'captured-tables', ...table, summary: /was renamed to geo\.countries/ },
  },
  'replaced by a view': {
    sql: `alter table countries rename to nations; create view countries as select * from nations`,
    ...{ check: 'captured-tables', ...table, summary: /is a view now/ },
  },
  'dropped and made again': {
    sql: `${COPY} drop table countries; alter table countries_new rename to countries`,
    ...{ check: 'table-identity', ...table, summary: /dropped and made again/, ...again },
  },
  'swapped for another': {
    sql: `${COPY} alter table countries rename to countries_old; alter table countries_new rename to countries`,
    ...{ check: 'table-identity', ...table, summary: /public\.countries_old now/, ...again },
  },
  'taken out of the publication': {
    sql: 'alter publication shelfcast drop table countries',
    ...{ check: 'published', ...table, summary: /not in the publication/, ...again },
  },
  'taken out of the publication and put back': {
    sql: 'alter publication shelfcast drop table countries; alter publication shelfcast add table countries',
    ...{ check: 'published', ...table, summary: /was taken out/, ...again },
  },
  'published with a row filter': {
    sql: `alter publication shelfcast drop table countries;
      alter publication shelfcast add table countries where (product_count > 3)`,
    ...{ check: 'row-filter', ...table, summary: /only some rows/, ...again },
  },
  'published with a row filter for a while': {
    sql: `alter publication shelfcast drop table countries;
      alter publication shelfcast add table countries where (product_count > 3);
      alter publication shelfcast set table products, product_discounts, countries, orders_jan, orders_feb,
        shelfcast.signal, shelfcast.heartbeat`,
    ...{ check: 'published', ...table, summary: /published in part/, ...again },
  },
  'published with a column list': {
    sql: `alter publication shelfcast drop table countries;
      alter publication shelfcast add table countries (country_id, name)`,
    ...{ check: 'column-list', ...table, summary: /manager, product_count/, ...again },
  },
  'the publication dropped': {
    ...{ sql: 'drop publication shelfcast', check: 'publication' },
    ...{ summary: /no publication shelfcast/, ...again },
  },
  'the publication dropped and created again': {
    sql: `drop publication shelfcast; create publication shelfcast for table products, product_discounts, countries,
        orders_jan, orders_feb, shelfcast.signal, shelfcast.heartbeat with (publish_generated_columns = stored)`,
    ...{ check: 'publication', summary: /dropped and created again.*public\.countries/, ...again },
  },
  'the publication renamed': {
    ...{ sql: 'alter publication shelfcast rename to lost', check: 'publication' },
    ...{ summary: /no publication shelfcast/, ...again },
  },
  'the publication without deletes': {
    sql: `alter publication shelfcast set (publish = 'insert, update, truncate')`,
    ...{ check: 'operations', summary: /leaves out delete/, ...again },
  },
  'the publication without deletes for a while': {
    sql: `alter publication shelfcast set (publish = 'insert, update, truncate');
      alter publication shelfcast set (publish = 'insert, update, delete, truncate')`,
    ...{ check: 'publication', summary: /was altered since/, ...again },
  },
  'the primary key dropped': {
    sql: 'alter table countries drop constraint countries_pkey',
    ...{ check: 'key', ...table, summary: /has no primary key/ },
  },
  'the primary key dropped and made again': {
    sql: 'alter table countries drop constraint countries_pkey; alter table countries add primary key (country_id)',
    ...{ check: 'key', ...table, summary: /changes in between had no key/, ...again },
  },
  'another primary key': {
    sql: 'alter table countries drop constraint countries_pkey; alter table countries add primary key (country_id, name)',
    ...{
      check: 'key',
      ...table,
      summary: /is \(country_id, name\), and was \(country_id\)/,
      ...again,
    },
  },
  'the primary key made deferrable': {
    sql: `alter table countries drop constraint countries_pkey,
      add constraint countries_pkey primary key (country_id) deferrable`,
    ...{ check: 'key', ...table, summary: /is deferrable/ },
  },
  'a column of another type': {
    sql: 'alter table countries alter column total_sales type numeric(14,1)',
    ...{
      check: 'column',
      ...table,
      summary: /was numeric\(14,2\) and is numeric\(14,1\)/,
      ...again,
    },
  },
  'a column made again': {
    sql: `alter table countries drop column manager, add column manager text default 'x'`,
    ...{ check: 'column', ...table, summary: /dropped and made again/, ...again },
  },
  'a column whose name another one has now': {
    sql: `alter table countries rename column manager to old; alter table countries add column manager text default 'x'`,
    ...{ check: 'column', ...table, summary: /another one was given its name/, ...again },
  },
  'our heartbeat dropped': {
    sql: 'drop table shelfcast.heartbeat',
    ...{ check: 'own-tables', subject: 'shelfcast.heartbeat', summary: /is gone/ },
  },
  'our signals with a policy': {
    sql: 'alter table shelfcast.signal enable row level security',
    ...{ check: 'own-tables', subject: 'shelfcast.signal', summary: /row-level security/ },
  },
  'another replica identity': {
    sql: 'alter table countries replica identity default',
    ...{ check: 'replica-identity', ...table, summary: /REPLICA IDENTITY FULL/, isSql: true },
  },
  'no replica identity': {
    sql: 'alter table countries replica identity nothing',
    ...{ check: 'replica-identity', ...table, summary: /REPLICA IDENTITY FULL/, isSql: true },
  },
  unlogged: {
    sql: 'alter publication shelfcast drop table countries; alter table countries set unlogged',
    ...{ check: 'persistence', ...table, summary: /unlogged/ },
  },
  'a table that inherits from it': {
    sql: 'create table islands () inherits (countries)',
    ...{ check: 'inheritance', ...table, summary: /public\.islands inherits/ },
  },
  'row-level security': {
    sql: 'alter table countries enable row level security; create policy p on countries using (true)',
    ...{ check: 'row-security', ...table, summary: /applies to role debezium/, isSql: true },
  },
  'row-level security without a policy, forced': {
    sql: 'alter table countries enable row level security; alter table countries force row level security',
    ...{ check: 'row-security', ...table, summary: /applies to role debezium/, isSql: true },
  },
  'no right to read it': {
    sql: 'revoke select on countries from debezium',
    ...{ check: 'grant', ...table, summary: /may not read public\.countries/, isSql: true },
  },
  'no right to use its schema': {
    sql: 'revoke usage on schema public from debezium, public',
    ...{ check: 'grant', ...table, summary: /may not read public\.countries/, isSql: true },
  },
  'no right to write the heartbeat': {
    sql: 'revoke update on shelfcast.heartbeat from debezium',
    ...{
      check: 'grant',
      subject: 'shelfcast.heartbeat',
      summary: /shelfcast\.heartbeat/,
      isSql: true,
    },
  },
  'no right to write signals': {
    sql: 'revoke insert on shelfcast.signal from debezium',
    ...{ check: 'grant', subject: 'shelfcast.signal', summary: /shelfcast\.signal/, isSql: true },
  },
  'the heartbeat taken out of the publication': {
    sql: 'alter publication shelfcast drop table shelfcast.heartbeat',
    ...{ check: 'publication', subject: 'shelfcast.heartbeat', summary: /WAL grows/, isSql: true },
  },
  'the routing column renamed': {
    sql: 'alter table product_discounts rename column product_id to product',
    ...{ check: 'routing-column', subject: 'public.product_discounts' },
    ...{ summary: /no column product_id any more/, ...again },
  },
  'a stored generated column that is not published': {
    sql: `alter publication shelfcast set (publish_generated_columns = none);
      alter table countries add column doubled int generated always as (product_count * 2) stored`,
    ...{ check: 'generated-columns', ...table, summary: /Stored generated column/, ...again },
  },
  'a virtual generated column': {
    sql: 'alter table countries add column doubled int generated always as (product_count * 2) virtual',
    ...{ check: 'generated-columns', ...table, summary: /Virtual generated column/, isSql: true },
  },
  'a partition made later': {
    sql: `create table orders_mar partition of orders for values from ('2026-03-01') to ('2026-04-01')`,
    ...{ check: 'partition', subject: 'public.orders_mar', summary: /captured by nothing/ },
  },
  'a partition of a partition made later': {
    sql: `create table orders_y partition of orders for values from ('2026-04-01') to ('2027-01-01') partition by range (month);
      create table orders_apr partition of orders_y for values from ('2026-04-01') to ('2026-05-01')`,
    ...{ check: 'partition', subject: 'public.orders_apr', summary: /captured by nothing/ },
  },
  'a partition detached': {
    sql: 'alter table orders detach partition orders_feb',
    ...{ check: 'partition', subject: 'public.orders_feb', summary: /is not any more/, ...again },
  },
  'partitions under the name of their table': {
    sql: 'alter publication shelfcast set (publish_via_partition_root = true); alter publication shelfcast add table orders',
    ...{
      check: 'published',
      subject: 'public.orders_feb',
      summary: /not in the publication/,
      ...again,
    },
  },
};

for (const [name, { sql, check, subject, summary, isReadAgain, isSql }] of Object.entries(cases)) {
  test(`found: ${name}`, () =>
    takenBack(async () => {
      await owner.query(sql);
      const all = await problems();
      const found = all.filter((one) => one.check === check && one.subject === subject);
      assert.is(found.length, 1, JSON.stringify(all, null, 2));
      assert.match(found[0]?.summary ?? '', summary);
      assert.match(found[0]?.remedy ?? '', /^(YES=1 )?make /);
      assert.equal(
        all.filter(({ remedy }) => remedy === undefined || remedy === ''),
        [],
      );
      if (isReadAgain) await recapture();
      else if (isSql) await owner.query(sqlIn(found[0]?.remedy ?? ''));
      else return;
      assert.equal(await problems(), [], `after ${found[0]?.remedy}`);
    }));
}

test('our own tables are made again as the migration made them, in place of what is there', () =>
  takenBack(async () => {
    await owner.query(`drop table shelfcast.heartbeat; create view shelfcast.heartbeat as select 1 as id;
      alter table shelfcast.signal alter column data type jsonb using data::jsonb`);
    assert.equal(await ensureOwnTables(owner), ['shelfcast.heartbeat', 'shelfcast.signal']);
    assert.equal(await problems(), []);
    assert.equal(await ensureOwnTables(owner), []);
  }));

test('found: a generated column by another expression, a renamed value of an enum', () =>
  takenBack(async () => {
    await owner.query(`create type mood as enum ('good', 'bad');
      alter table countries add column mood mood default 'good',
        add column doubled int generated always as (product_count * 2) stored`);
    await recapture();
    assert.equal(await problems(), []);
    await owner.query(`alter table countries alter column doubled set expression as (product_count * 3);
      alter type mood rename value 'good' to 'fine'; alter type mood add value 'none'`);
    const found = (await problems()).filter(({ check }) => check === 'column');
    assert.equal(found.length, 2, JSON.stringify(found));
    assert.match(found[0]?.summary ?? '', /Column mood .* a value was renamed/);
    assert.match(found[1]?.summary ?? '', /Column doubled .* another expression/);
    await recapture();
    assert.equal(await problems(), []);
  }));

/** The statements of `make psql SQL="…"`, as the shell hands them over. */
function sqlIn(remedy: string): string {
  const [, sql = ''] = /SQL="((?:[^"\\]|\\.)*)"/.exec(remedy) ?? [];
  assert.not.equal(sql, '', remedy);
  return sql.replaceAll(/\\(.)/g, '$1');
}

test('a renamed routing column keeps its values, and with them the partitions', () =>
  takenBack(async () => {
    await owner.query('alter table product_discounts rename column product_id to product');
    await recapture();
    const tables = await listCapturedTables(owner);
    assert.is(tables.find((one) => one.table === 'product_discounts')?.routingColumn, 'product');
  }));

test('a partition that was found stays found when another one is read again', () =>
  takenBack(async () => {
    await owner.query(
      `create table orders_mar partition of orders for values from ('2026-03-01') to ('2026-04-01')`,
    );
    await captureWhole(owner, { schema: 'public', table: 'orders_jan' });
    const [left] = await problems();
    assert.is(left?.subject, 'public.orders_mar');
  }));

test('what an upgrade finds for the first time is remembered; what is known is not', () =>
  takenBack(async () => {
    await owner.query(`update shelfcast.captured_tables set identity = null where table_name = 'countries';
      ${COPY} drop table countries; alter table countries_new rename to countries;
      alter publication shelfcast add table countries; alter table countries replica identity full;
      grant select on countries to debezium`);
    assert.equal(await problems(), [], 'nothing to compare with');
    await rememberIdentity(owner, { schema: 'public', table: 'countries' });
    assert.equal(await problems(), []);
    await owner.query(`create table other (like countries including all); drop table countries;
      alter table other rename to countries`);
    const [found] = await problems();
    assert.is(found?.check, 'table-identity');
  }));

test.run();
