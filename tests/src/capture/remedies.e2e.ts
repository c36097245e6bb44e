// Each way in which a captured table becomes another: an alert names the table and a command within seconds, doctor names the
// same one, and the command, run to the letter, makes source and read model equal and doctor green. Faults of two tables are
// provoked and healed together.
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from '../support/await-alert.ts';
import { fromEnvironment } from '../support/environment.ts';
import { doctorIsGreen, doctorProblems, foundByDoctor, heal } from '../support/heal.ts';
import { stackMonitorUrl } from '../support/monitor.ts';
import { assertMirrored, connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { runCommand } from '../support/run-command.ts';
import { sharedStack } from '../support/test-stack.ts';

interface Context extends Pipeline {
  /** The stack's own, at the default settings. */
  monitor: { readonly url: string };
}

interface Fault {
  readonly name: string;
  readonly sql: string;
  readonly alert: string;
  readonly subject: string;
  readonly remedy: RegExp;
}

const COUNTRIES = 'public.countries';
const DISCOUNTS = 'public.product_discounts';
const RESYNC_COUNTRIES = /^make resync TABLE=public\.countries$/;
const RESYNC_DISCOUNTS = /^make resync TABLE=public\.product_discounts$/;
const RESYNC_ALL = /^YES=1 make resync/;

/** Another table with some of the rows, changed, and one of its own. */
const REMADE = `create table countries_new (like countries including all);
  insert into countries_new select * from countries where country_id <> (select min(country_id) from countries);
  update countries_new set manager = 'made again';
  insert into countries_new (country_id, name) values ('X' || floor(random() * 90 + 10), 'New');`;
const MISSED = `delete from product_discounts where discount_id = (select max(discount_id) from product_discounts);
  update product_discounts set minimum_quantity = minimum_quantity + 1;`;

/** What `pg_restore --clean --if-exists` runs for one table, of a backup that lacks a row and has an older value. */
const RESTORED = `create temporary table backup as select * from countries;
  delete from backup where country_id = (select max(country_id) from backup);
  update backup set manager = 'of the backup';
  alter table if exists only public.countries drop constraint if exists countries_pkey;
  drop table if exists public.countries;
  create table public.countries (country_id text not null, name text not null, manager text,
    product_count integer default 0 not null, total_sales numeric(14,2) default 0 not null,
    last_updated timestamp with time zone default now() not null);
  alter table only public.countries replica identity full;
  insert into public.countries select * from backup;
  alter table only public.countries add constraint countries_pkey primary key (country_id);
  drop table backup;`;

const batches: readonly (readonly Fault[])[] = [
  [
    {
      ...{ name: 'dropped and made again', alert: 'TableChanged', subject: COUNTRIES },
      sql: `${REMADE} drop table countries; alter table countries_new rename to countries`,
      remedy: RESYNC_COUNTRIES,
    },
    {
      ...{ name: 'taken out of the publication', alert: 'TableNotCarried', subject: DISCOUNTS },
      sql: `alter publication shelfcast drop table product_discounts; ${MISSED}`,
      remedy: RESYNC_DISCOUNTS,
    },
  ],
  [
    {
      ...{ name: 'swapped', alert: 'TableChanged', subject: COUNTRIES },
      sql: `begin; ${REMADE} alter table countries rename to countries_old;
        alter table countries_new rename to countries; commit; drop table countries_old`,
      remedy: RESYNC_COUNTRIES,
    },
    {
      ...{ name: 'without its primary key', alert: 'TableChanged', subject: DISCOUNTS },
      sql: 'alter table product_discounts drop constraint product_discounts_pkey',
      remedy: /add primary key .* && make resync TABLE=public\.product_discounts$/,
    },
  ],
  [
    {
      ...{ name: 'published in part', alert: 'TableNotCarried', subject: DISCOUNTS },
      sql: `alter publication shelfcast drop table product_discounts;
        alter publication shelfcast add table product_discounts where (minimum_quantity < 0);
        alter table product_discounts replica identity full; insert into product_discounts
          (discount_id, product_id, discount_type, discount_percentage)
          select 'UNSEEN', min(product_id), 'season', 5 from products`,
      remedy: RESYNC_DISCOUNTS,
    },
    {
      ...{ name: 'another replica identity', alert: 'TableChanged', subject: COUNTRIES },
      sql: 'alter table countries replica identity default',
      remedy: /replica identity full/,
    },
  ],
  [
    {
      ...{ name: 'restored by pg_restore --clean', alert: 'TableChanged', subject: COUNTRIES },
      sql: RESTORED,
      remedy: RESYNC_COUNTRIES,
    },
  ],
  [
    {
      ...{ name: 'with a column that was made again', alert: 'TableChanged', subject: COUNTRIES },
      sql: `alter table countries drop column manager, add column manager text default 'made again'`,
      remedy: RESYNC_COUNTRIES,
    },
    {
      ...{ name: 'with a deferrable key', alert: 'TableChanged', subject: DISCOUNTS },
      sql: `alter table product_discounts drop constraint product_discounts_pkey,
        add constraint product_discounts_pkey primary key (discount_id) deferrable`,
      remedy: /drop constraint .* && make resync TABLE=public\.product_discounts$/,
    },
  ],
  [
    {
      ...{ name: 'a publication made again', alert: 'PublicationChanged', subject: 'shelfcast' },
      sql: `drop publication shelfcast; ${MISSED} create publication shelfcast for table products, product_discounts,
        countries, shelfcast.signal, shelfcast.heartbeat with (publish_generated_columns = stored)`,
      remedy: RESYNC_ALL,
    },
  ],
];

const test = suite<Context>('remedies');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.monitor = { url: stackMonitorUrl() };
  await assertMirrored(context);
});
test.after(async ({ products, close }) => {
  await products.query(`delete from product_discounts where discount_id = 'UNSEEN'`);
  await close();
});

for (const faults of batches) {
  test(faults.map(({ name }) => name).join(', and another '), async (context) => {
    const since = performance.now();
    for (const { sql } of faults) await context.products.query(sql);
    const commands = new Set<string>();
    for (const { alert, subject, remedy: expected } of faults) {
      const { remedy } = await shown(context, alert, subject, 'firing', since);
      assertSoon(since);
      assert.match(remedy ?? '', expected);
      commands.add(remedy ?? '');
    }
    const found = (await doctorProblems()).map(({ remedy }) => remedy);
    for (const command of commands) assert.ok(found.includes(command), `doctor: ${command}`);

    for (const command of commands) {
      const output = await heal(command);
      const [, table] = /^make resync TABLE=(\S+)$/.exec(command) ?? [];
      if (table !== undefined) assert.is(output.split(`snapshot of ${table}\n`).length, 2, output);
    }

    await assertMirrored(context);
    await doctorIsGreen();
    const mended = performance.now();
    for (const { alert, subject } of faults) {
      await shown(context, alert, subject, 'resolved', mended);
    }
  });
}

/** What is silent by itself is told within this time. */
function assertSoon(since: number): void {
  assert.ok(performance.now() - since <= 30_000, 'an alert within 30 s');
}

test('a row filter that throws: nothing flows any more, and what heals that is a resync of all', async (context) => {
  const { products } = context;
  const [others, rest] = [
    'public.products, public.product_discounts',
    'shelfcast.signal, shelfcast.heartbeat',
  ];
  await products.query(`alter publication shelfcast set table ${others}, ${rest},
    public.countries where (100 / (product_count - 4711) < 1000)`);
  const since = performance.now();
  await products.query(
    'update countries set product_count = 4711 where country_id = (select min(country_id) from countries)',
  );
  await products.query(
    `update products set name = name || ' behind it' where product_id = (select min(product_id) from products)`,
  );

  const { summary, remedy } = await shown(context, 'TaskFailed', CONNECTOR, 'firing', since);
  assertSoon(since);
  assert.match(summary, /a row filter of the publication throws/);
  assert.match(remedy ?? '', RESYNC_ALL);
  await shown(context, 'TableNotCarried', COUNTRIES, 'firing', since);
  assert.is((await foundByDoctor('connector', /row filter/)).remedy, remedy);

  await heal(remedy);

  await assertMirrored(context);
  await doctorIsGreen();
  for (const [alert, subject] of [
    ['TaskFailed', CONNECTOR],
    ['TableNotCarried', COUNTRIES],
  ] as const) {
    await shown(context, alert, subject, 'resolved', performance.now());
  }
});

/** `make start` on the stack that runs. */
async function startAgain(): Promise<string> {
  const { status, output } = await runCommand('make start', {
    PORT_OFFSET: fromEnvironment('TEST_PORT_OFFSET'),
  });
  assert.is(status, 0, output);
  return output;
}

test('renamed: a start says so; the old name is taken out, the new one captured; other tables go on', async (context) => {
  const { products } = context;
  await products.query(
    'create table remedies_gone (id int primary key); insert into remedies_gone values (1)',
  );
  await heal('make connector-add-table TABLE=public.remedies_gone');
  await products.query('alter table remedies_gone rename to remedies_renamed');
  const since = performance.now();
  const { remedy } = await shown(context, 'TableChanged', 'public.remedies_gone', 'firing', since);
  assertSoon(since);
  assert.match(await startAgain(), /public\.remedies_gone .* renamed to public\.remedies_renamed/);

  await heal(remedy);

  await doctorIsGreen();
  await shown(context, 'TableChanged', 'public.remedies_gone', 'resolved', performance.now());
});

test('dropped: a start says so, also when Connect was killed; the table is taken out', async (context) => {
  const { products } = context;
  await products.query('drop table remedies_renamed');
  const subject = 'public.remedies_renamed';
  const since = performance.now();
  const { remedy } = await shown(context, 'TableChanged', subject, 'firing', since);
  assertSoon(since);
  (await sharedStack()).kill('connect');
  assert.match(await startAgain(), /public\.remedies_renamed .* was dropped/);
  await products.query(`update countries set manager = 'beside a table that is gone'`);
  await assertMirrored(context);

  await heal(remedy);

  await eventually(
    async () => {
      const { rowCount } = await products.query(
        `select from shelfcast.captured_tables where table_name like 'remedies_%'`,
      );
      assert.is(rowCount, 0);
    },
    { what: 'it is not captured' },
  );
  await doctorIsGreen();
  await assertMirrored(context);
});

test('a partition made later: it is captured, its rows as well', async (context) => {
  const { products } = context;
  await products.query(`create table remedies_part (id int, month int, primary key (id, month)) partition by range (month);
    create table remedies_part_1 partition of remedies_part for values from (1) to (2)`);
  await heal('make connector-add-table TABLE=public.remedies_part_1');
  const since = performance.now();
  await products.query(`create table remedies_part_2 partition of remedies_part for values from (2) to (3);
    insert into remedies_part values (1, 2), (2, 2)`);
  const subject = 'public.remedies_part_2';
  const { remedy } = await shown(context, 'TableChanged', subject, 'firing', since);
  assertSoon(since);
  assert.match(remedy ?? '', /^make connector-add-table TABLE=public\.remedies_part_2$/);
  assert.match(await heal(remedy), /2 rows, 2 keys checked/);
  await doctorIsGreen();
  for (const table of ['remedies_part_1', 'remedies_part_2']) {
    await heal(`PURGE=1 make connector-remove-table TABLE=public.${table}`);
  }
  await products.query('drop table remedies_part');
});

test.run();
