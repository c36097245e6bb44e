// Each way in which a captured table becomes another: an alert names the table and a command within seconds, doctor names the
// same one, and the command, run to the letter, makes source and read model equal and doctor green. Faults of two tables are
// provoked and healed together.
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { shown } from './support/await-alert.ts';
import { doctorIsGreen, doctorProblems, heal } from './support/heal.ts';
import { stackMonitorUrl } from './support/monitor.ts';
import { assertMirrored, connectPipeline, type Pipeline } from './support/pipeline.ts';

interface Context extends Pipeline {
  /** The stack's own, at the default settings. */
  monitor: { readonly url: string };
}

interface Fault {
  readonly name: string;
  readonly sql: string;
  readonly alert: string;
  readonly subject: string;
  readonly mend: RegExp;
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

const batches: readonly (readonly Fault[])[] = [
  [
    {
      ...{ name: 'dropped and made again', alert: 'TableChanged', subject: COUNTRIES },
      sql: `${REMADE} drop table countries; alter table countries_new rename to countries`,
      mend: RESYNC_COUNTRIES,
    },
    {
      ...{ name: 'taken out of the publication', alert: 'TableNotCarried', subject: DISCOUNTS },
      sql: `alter publication shelfcast drop table product_discounts; ${MISSED}`,
      mend: RESYNC_DISCOUNTS,
    },
  ],
  [
    {
      ...{ name: 'swapped', alert: 'TableChanged', subject: COUNTRIES },
      sql: `begin; ${REMADE} alter table countries rename to countries_old;
        alter table countries_new rename to countries; commit; drop table countries_old`,
      mend: RESYNC_COUNTRIES,
    },
    {
      ...{ name: 'without its primary key', alert: 'TableChanged', subject: DISCOUNTS },
      sql: 'alter table product_discounts drop constraint product_discounts_pkey',
      mend: /add primary key .* && make resync TABLE=public\.product_discounts$/,
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
      mend: RESYNC_DISCOUNTS,
    },
    {
      ...{ name: 'another replica identity', alert: 'TableChanged', subject: COUNTRIES },
      sql: 'alter table countries replica identity default',
      mend: /replica identity full/,
    },
  ],
  [
    {
      ...{ name: 'a publication made again', alert: 'PublicationChanged', subject: 'shelfcast' },
      sql: `drop publication shelfcast; ${MISSED} create publication shelfcast for table products, product_discounts,
        countries, shelfcast.signal, shelfcast.heartbeat with (publish_generated_columns = stored)`,
      mend: RESYNC_ALL,
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
    for (const { alert, subject, mend: expected } of faults) {
      const { mend } = await shown(context, alert, subject, 'firing', since);
      assert.match(mend ?? '', expected);
      commands.add(mend ?? '');
    }
    const found = (await doctorProblems()).map(({ mend }) => mend);
    for (const command of commands) assert.ok(found.includes(command), `doctor: ${command}`);

    for (const command of commands) await heal(command);

    await assertMirrored(context);
    await doctorIsGreen();
    const mended = performance.now();
    for (const { alert, subject } of faults) {
      await shown(context, alert, subject, 'resolved', mended);
    }
  });
}

test('renamed: the old name is taken out, the new one captured; other tables go on', async (context) => {
  const { products } = context;
  await products.query(
    'create table remedies_gone (id int primary key); insert into remedies_gone values (1)',
  );
  await heal('make connector-add-table TABLE=public.remedies_gone');
  await products.query('alter table remedies_gone rename to remedies_renamed');
  const since = performance.now();
  const { mend } = await shown(context, 'TableChanged', 'public.remedies_gone', 'firing', since);

  await heal(mend);

  await doctorIsGreen();
  await shown(context, 'TableChanged', 'public.remedies_gone', 'resolved', performance.now());
});

test('dropped: taken out, and a start does not fail meanwhile', async (context) => {
  const { products } = context;
  await products.query('drop table remedies_renamed');
  const subject = 'public.remedies_renamed';
  const { mend } = await shown(context, 'TableChanged', subject, 'firing', performance.now());

  await heal(mend);

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

test.run();
