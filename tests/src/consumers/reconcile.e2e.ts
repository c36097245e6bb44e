// Faults of many kinds are planted between the source and a read model: one check names each with its reason, and a repair
// makes equal what it can.

import { setTimeout as delay } from 'node:timers/promises';
import { recapture } from '@shelfcast/connect-config/internals/recapture';
import {
  type CheckResult,
  checkTable,
  type Difference,
} from '@shelfcast/consumers/internals/reconcile/check';
import { isWrong } from '@shelfcast/consumers/internals/reconcile/judge';
import { type ComparedTable, planComparison } from '@shelfcast/consumers/internals/reconcile/plan';
import {
  planRepair,
  type RepairOptions,
  repair,
} from '@shelfcast/consumers/internals/reconcile/repair';
import { registered } from '@shelfcast/consumers/internals/registered';
import { requestCommand } from '@shelfcast/consumers/internals/runtime/commands/queue';
import { encodeManualPosition } from '@shelfcast/schemas/position';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectorHarness, openConnectorHarness } from '../support/connector.ts';
import { fromEnvironment } from '../support/environment.ts';
import { startLoad } from '../support/load.ts';
import {
  type MirrorConsumer,
  openMirrorConsumer,
  POISON_PRICE,
} from '../support/mirror-consumer.ts';
import { type OwnTables, openOwnTables } from '../support/own-tables.ts';
import { connectPipeline, eventuallyProduct, type Pipeline } from '../support/pipeline.ts';
import { runCommand } from '../support/run-command.ts';

interface Context extends Pipeline {
  harness: ConnectorHarness;
  admin: KafkaAdmin;
  own: OwnTables;
  table: string;
  mirror: MirrorConsumer;
  compared: ComparedTable;
  options: RepairOptions;
}

const LOAD_MS = process.env.SOAK === '1' ? 600_000 : 20_000;
const CHANGES_PER_SECOND = 300;

const test = suite<Context>('reconcile');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  const harness = openConnectorHarness();
  const admin = harness.kafka.createAdmin();
  const own = openOwnTables(harness);
  const table = await own.make(
    'rows',
    'id text primary key, name text, price numeric(12, 2), stock int',
  );
  await context.products.query(
    `insert into public.${table} select 'K-' || nr, 'Row ' || nr, nr, nr from generate_series(1, 60) as s(nr)`,
  );
  await own.capture(table);
  const mirror = await openMirrorConsumer({
    name: `mirror_${Date.now().toString(36)}`,
    ...{ table, kafka: harness.kafka, codec: harness.context.codec },
  });
  await mirror.start();
  const sides = { products: harness.context.products, consumers: mirror.pool };
  const compared = await planComparison(
    sides,
    mirror.definition,
    mirror.comparison,
    DEFAULT_TOPIC_PREFIX,
  );
  const options = optionsFor({ harness, admin }, mirror.pool);
  Object.assign(context, { harness, admin, own, table, mirror, compared, options });
  await eventually(async () => assert.is(await rowsOf(mirror.pool, mirror.definition.name), 60), {
    timeoutMs: 60_000,
    what: 'the read model has every row',
  });
});

test.after(async (context) => {
  await context.mirror.close();
  await context.own.remove();
  await context.admin.close();
  await context.harness.close();
  await context.close();
});

test('faults of many kinds are each found in one check with their reason, and repaired', async (context) => {
  const { table, mirror, products, options, compared, admin } = context;
  const { pool, definition } = mirror;
  const model = `${definition.name}.rows`;
  const source = (sql: string) => products.query(sql.replaceAll('$T', `public.${table}`));
  assert.equal(await check(context), { sourceRows: 60, modelRows: 60, differences: {} });

  // What its consumer cannot apply waits, and what its publisher owns is not the database's.
  await source(`update $T set price = ${POISON_PRICE} where id in ('K-1', 'K-2')`);
  await eventually(async () => assert.is((await parkedKeys(pool)).length, 2), {
    timeoutMs: 20_000,
    what: 'both are parked',
  });
  await pool.query(`update runtime.parked_keys set state = 'dead' where key = 'K-2'`);
  await pool.query(`update runtime.parked_keys set next_attempt_at = now() + interval '1 hour'`);
  await pool.query(`update runtime.guards set position = $1 where key = 'K-3'`, [
    encodeManualPosition(Date.now(), 1n),
  ]);
  await pool.query(`update ${model} set name = 'Its publisher says' where key = 'K-3'`);
  await pool.query(
    `insert into runtime.shared_rows (consumer, entity, key, present, fields)
     values ($1, $2, 'K-4', true, '{"stock": {"origin": "manual", "acceptedAtUs": "1", "position": "m", "value": 1}}')`,
    [definition.name, table],
  );
  await pool.query(`update ${model} set stock = 1000 where key = 'K-4'`);

  // The read model is edited by hand.
  await pool.query(`delete from ${model} where key = 'K-5'`);
  await pool.query(`update ${model} set price = 999 where key = 'K-6'`);
  await pool.query(`insert into ${model} values ('by hand', 'By hand', 1, 1)`);

  // A value is mangled on its way.
  await pool.query(`
    create function public.mangle() returns trigger language plpgsql as
      $$ begin new.name := replace(new.name, 'ß', 'ss'); return new; end $$;
    create trigger mangle before insert or update on ${model} for each row execute function public.mangle()`);
  await source(`update $T set name = 'Maß' where id = 'K-7'`);
  await eventually(
    async () => {
      const { rows } = await pool.query(`select name from ${model} where key = 'K-7'`);
      assert.equal(rows, [{ name: 'Mass' }]);
    },
    { timeoutMs: 20_000, what: 'it came, mangled' },
  );
  await pool.query('drop function public.mangle cascade');

  // The table is not published for a while.
  await source('alter publication shelfcast drop table $T');
  await source(`update $T set price = 1000 where id = 'K-8'`);
  await source(`insert into $T values ('unseen', 'Unseen', 1, 1)`);
  await source(`delete from $T where id = 'K-9'`);
  await recapture(context.harness.context.products, [compared.source]);

  // An offset is moved past a record, and a snapshot never brought a row.
  await source(`update $T set stock = 77 where id = 'K-11'`);
  await untilModel(context, 'K-11', 'stock', 77n);
  await mirror.stop();
  await source(`update $T set stock = 12000 where id = 'K-12'`);
  await source(`delete from $T where id = 'K-13'`);
  await source(`insert into $T values ('skipped', 'Skipped', 1, 1)`);
  await untilCaptured(context, 3n);
  await admin.setGroupOffsets(
    definition.name,
    [...(await admin.highWatermarks(compared.topic))].map(([partition, offset]) => ({
      ...{ topic: compared.topic, partition, offset },
    })),
  );
  await pool.query(`delete from ${model} where key = 'K-14'`);
  await pool.query(`delete from runtime.guards where key = 'K-14'`);
  await mirror.start();

  const found = await checkTable(options, compared);
  assert.equal(reasonsOf(found.differences), {
    'K-1': 'parked',
    'K-2': 'dead letter',
    'K-3': 'conflict',
    'K-4': 'shared field [stock]',
    'K-5': 'changed by hand',
    'K-6': 'changed by hand [price]',
    'by hand': 'changed by hand',
    'K-7': 'changed by hand [name]',
    'K-8': 'lost [price]',
    unseen: 'lost',
    'K-9': 'extra',
    'K-12': 'lost [stock]',
    'K-13': 'extra',
    skipped: 'lost',
    'K-14': 'lost',
  });

  const plan = planRepair(found.differences);
  assert.equal([plan.read.length, plan.remove.length], [8, 3]);
  assert.equal(await repair(options, compared, plan, found.modelRows), []);
  assert.equal((await check(context)).differences, {
    'K-1': 'parked',
    'K-2': 'dead letter',
    'K-3': 'conflict',
    'K-4': 'shared field [stock]',
  });
  const { rows: commands } = await pool.query(
    `select requested_by, result from runtime.commands where kind = 'remove' and state = 'done'`,
  );
  assert.is(commands.length, 1, 'who has removed what is written down');

  // What was removed comes again when it does.
  await source(`insert into $T values ('by hand', 'Back', 2, 2), ('K-13', 'Back', 2, 2)`);
  await untilModel(context, 'by hand', 'name', 'Back');
  await untilModel(context, 'K-13', 'name', 'Back');
});

test('a truncate that was missed, and a consumer that is paused', async (context) => {
  const { table, mirror, products, options, compared } = context;
  const { pool, definition } = mirror;
  await pool.query('delete from runtime.shared_rows');
  await requestCommand(pool, {
    consumer: definition.name,
    kind: 'pause',
    args: { reason: 'test' },
    by: 'test',
  });
  await eventually(
    async () => {
      const { rowCount } = await pool.query('select from runtime.pauses');
      assert.is(rowCount, 1);
    },
    { timeoutMs: 10_000, what: 'it is paused' },
  );
  await delay(1_000); // its process looks every 500 ms
  await products.query(`update public.${table} set stock = 5 where id = 'K-20'`);
  assert.is((await check(context)).differences['K-20'], 'paused');
  await requestCommand(pool, { consumer: definition.name, kind: 'resume', args: {}, by: 'test' });
  await untilModel(context, 'K-20', 'stock', 5n);

  await products.query(`alter publication shelfcast drop table public.${table}`);
  await products.query(`truncate public.${table}`);
  await recapture(context.harness.context.products, [compared.source]);
  const cut = await checkTable({ ...options, batchKeys: 5, maxDifferences: 10 }, compared);
  assert.ok(cut.isCut && cut.differences.length < 20, `${cut.differences.length} differences`);
  const found = await checkTable(options, compared);
  const extra = found.differences.filter(({ reason }) => reason === 'extra');
  assert.is(found.sourceRows, 0);
  assert.ok(extra.length > 50, `${extra.length} of ${found.modelRows}`);
  await repair(options, compared, planRepair(found.differences), found.modelRows);
  const left = await check(context);
  assert.equal(
    [...new Set(Object.values(left.differences))].filter((reason) =>
      /lost|extra|hand/.test(reason),
    ),
    [],
  );
});

test('make reconcile says what differs, does nothing on a dry run, repairs, and then ends well', async ({
  products,
  consumers,
  ...context
}) => {
  const id = `RC-${Date.now().toString(36)}`;
  const pipeline = { products, consumers, ...context };
  await products.query(`insert into products (product_id, name, price) values ($1, 'Seen', 10)`, [
    id,
  ]);
  await eventuallyProduct(pipeline, id, (row) => assert.ok(row));
  await consumers.query(
    'update catalogue.products set price = 1, effective_price = 2 where product_id = $1',
    [id],
  );
  const one = { CONSUMER: 'catalogue', TABLE: 'products' };

  const found = await runCommand('make reconcile', one);
  assert.is.not(found.status, 0, found.output);
  assert.match(found.output, new RegExp(`${id} .*changed by hand .*price, effective_price`));
  const dry = await runCommand('make reconcile', { ...one, REPAIR: '1', DRY_RUN: '1' });
  assert.match(dry.output, 'To be read again: 1 keys, removed: 0');
  await eventuallyProduct(pipeline, id, (row) => assert.is(row?.price, '1'));
  const repaired = await runCommand('make reconcile', { ...one, REPAIR: '1' });
  assert.is(repaired.status, 0, repaired.output);
  await eventuallyProduct(pipeline, id, (row) => assert.is(row?.price, '10.00'));
  for (const [consumer, tables] of Object.entries({
    catalogue: ['products', 'product_discounts', 'countries'],
    pricing: ['products', 'product_discounts'],
    inventory: ['products'],
  })) {
    const equal = await runCommand('make reconcile', { CONSUMER: consumer });
    assert.is(equal.status, 0, equal.output);
    for (const table of tables) {
      assert.match(equal.output, new RegExp(`${consumer} ${table}: ([\\d,]+) = \\1`));
    }
  }
  await products.query('delete from products where product_id = $1', [id]);
});

test('a table that no consumer keeps is vouched for by its log', async (context) => {
  const { own, products, harness } = context;
  const table = await own.make('alone');
  await products.query(
    `insert into public.${table} select nr from generate_series(1, 30) as s(nr)`,
  );
  await own.capture(table);
  const asked = { TABLE: table };
  const whole = await runCommand('make reconcile', asked);
  assert.is(whole.status, 0, whole.output);
  assert.match(
    whole.output,
    `public.${table}, which no consumer keeps: 30 keys, each in the log, and no other`,
  );

  await products.query(`alter publication shelfcast drop table public.${table}`);
  await products.query(`insert into public.${table} values (31)`);
  await products.query(`delete from public.${table} where id = 7`);
  await recapture(harness.context.products, [{ schema: 'public', table }]);
  const cut = await runCommand('make reconcile', asked);
  assert.is.not(cut.status, 0);
  assert.match(cut.output, '30 keys, 1 missing (31), 1 deleted, which it does not show (7)');
  const remedy = /make resync TABLE=\S+/.exec(cut.output)?.[0] ?? '';
  const read = await runCommand(remedy);
  assert.is(read.status, 0, read.output);
});

test('beside a load not one change on its way is a difference', async (context) => {
  const { harness, admin, products, consumers } = context;
  const prefix = `RL-${Date.now().toString(36)}`;
  const load = startLoad({
    url: fromEnvironment('PRODUCTS_DATABASE_URL'),
    ...{ changesPerSecond: CHANGES_PER_SECOND, prefix },
  });
  const flicker = startFlicker(products, `${prefix}!`);
  const options = optionsFor({ harness, admin }, consumers);
  const sides = { products: harness.context.products, consumers };
  let checks = 0;
  let inFlight = 0;
  let unsettled = 0;
  let isOver = false;
  const loading = delay(LOAD_MS)
    .then(() => Promise.all([load.stop(), flicker.stop()]))
    .finally(() => {
      isOver = true;
    });
  try {
    while (!isOver) {
      for (const definition of registered) {
        const { reconcile = [] } = definition;
        if ('refused' in reconcile) continue;
        for (const comparison of reconcile) {
          const table = await planComparison(sides, definition, comparison, DEFAULT_TOPIC_PREFIX);
          const result = await checkTable({ ...options, batchKeys: 50 }, table);
          checks += 1;
          inFlight += result.inFlight;
          const what = `${definition.name} ${comparison.entity}`;
          const alarms = result.differences.filter(({ reason }) => isWrong(reason));
          assert.equal(reasonsOf(alarms), {}, what);
          unsettled += result.differences.length;
        }
      }
    }
  } finally {
    await loading;
    await products.query('delete from products where starts_with(product_id, $1)', [prefix]);
  }
  console.log(
    `# ${load.committed()} changes, ${checks} checks, ${inFlight} keys in flight, ${unsettled} unsettled, no false alarm`,
  );
  assert.ok(inFlight > 0, 'something was in flight');
});

/** A product whose stock goes back and forth, and whose discounts begin and end. */
function startFlicker(products: Pool, productId: string): { stop(): Promise<void> } {
  const stopping = new AbortController();
  async function run(): Promise<void> {
    await products.query(
      `insert into products (product_id, name, price, stock_quantity) values ($1, 'Flickers', 10, 5)`,
      [productId],
    );
    for (let nr = 0; !stopping.signal.aborted; nr += 1) {
      await products.query(
        'update products set stock_quantity = 11 - stock_quantity where product_id = $1',
        [productId],
      );
      if (nr % 4 === 0) {
        await products.query(
          `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage, start_date, end_date)
           values ($1 || $2, $1, 'brief', 10, now() + interval '1 s', now() + interval '3 s')`,
          [productId, nr],
        );
      }
      await delay(250, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

function optionsFor(
  { harness, admin }: Pick<Context, 'harness' | 'admin'>,
  consumers: Pool,
): RepairOptions {
  const { codec, reader } = harness.context;
  return {
    source: { ...harness.context, admin },
    ...{ consumers, codec, reader, patienceMs: 20_000, by: 'test', confirmed: 0 },
  };
}

async function check({ options, compared }: Context) {
  const { sourceRows, modelRows, differences }: CheckResult = await checkTable(options, compared);
  return { sourceRows, modelRows, differences: reasonsOf(differences) };
}

/** `reason [columns]` by key. */
function reasonsOf(differences: readonly Difference[]): Record<string, string> {
  return Object.fromEntries(
    differences.map(({ key, reason, columns }) => {
      const isNamed = columns.length > 0 && !/parked|dead|conflict|paused/.test(reason);
      return [key, isNamed ? `${reason} [${columns.join(', ')}]` : reason];
    }),
  );
}

async function rowsOf(pool: Pool, schema: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::int as count from ${schema}.rows`,
  );
  return rows[0]?.count ?? 0;
}

async function parkedKeys(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ key: string }>('select key from runtime.parked_keys');
  return rows.map(({ key }) => key);
}

async function untilModel(
  { mirror: { pool, definition } }: Context,
  key: string,
  column: string,
  value: unknown,
): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await pool.query(
        `select ${column} as value from ${definition.name}.rows where key = $1`,
        [key],
      );
      assert.equal(rows, [{ value }]);
    },
    { timeoutMs: 30_000, what: `${key} has ${column} ${value}` },
  );
}

/** Waits until so many more records are in the topic than the consumer has handled. */
async function untilCaptured({ admin, compared, mirror }: Context, records: bigint): Promise<void> {
  await eventually(
    async () => {
      const handled = await admin.groupOffsets(mirror.definition.name, [compared.topic]);
      let behind = 0n;
      for (const [partition, end] of await admin.highWatermarks(compared.topic)) {
        const at = handled.find((place) => place.partition === partition)?.offset ?? null;
        if (at !== null || end > 0n) behind += end - (at ?? 0n);
      }
      assert.ok(behind >= records, `${behind} records`);
    },
    { timeoutMs: 30_000, what: 'the records are in the log' },
  );
}

test.run();
