// A read model is rebuilt while the source is edited, in spite of a kill, and swapped in.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Stack } from '@shelfcast/local/stack';
import type { Codec } from '@shelfcast/schemas/codec';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Load, startLoad } from '../support/load.ts';
import { productUpdate, publish } from '../support/manual-events.ts';
import {
  assertMirrored,
  connectPipeline,
  eventuallyProduct,
  type Pipeline,
} from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports } from '../support/topic-reader.ts';

const CHANGES_PER_SECOND = 50;
const REBUILD_LIMIT_MS = 180_000;

interface Context extends Pipeline {
  stack: Stack;
  kafka: Kafka;
  codec: Codec;
  load: Load;
  prefix: string;
}

const test = suite<Context>('rebuild');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.stack = await sharedStack();
  context.kafka = kafkaAt(context.stack.urls.kafka);
  context.codec = codecAt(context.stack.urls.registry);
  context.prefix = `R-${randomUUID().slice(0, 8)}`;
  context.load = startLoad({
    url: context.stack.urls.postgres('products'),
    changesPerSecond: CHANGES_PER_SECOND,
    prefix: context.prefix,
  });
  const goal = 2 * CHANGES_PER_SECOND;
  await eventually(() => context.load.committed() > goal, { timeoutMs: 60_000, what: 'load' });
});

test.after(async (context) => {
  await context.load.stop();
  await context.consumers.query(`
    delete from pricing.subscribers where id = '${context.prefix}';
    revoke all on all tables in schema catalogue from pg_monitor;
    revoke all on schema catalogue from pg_monitor;
    drop schema if exists test_rebuild cascade`);
  await context.products.query('delete from products where starts_with(product_id, $1)', [
    context.prefix,
  ]);
  context.codec.close();
  await context.close();
});

test('a spoiled read model is whole again, under load and in spite of a kill, and without effects outside', async (context) => {
  const { prefix, consumers, products, stack } = context;
  const outbox = await watchOutbox(consumers);
  const named = (name: string): string => `${prefix}!${name}`;
  const [wrong, missing, ghost] = [named('wrong'), named('missing'), named('ghost')];
  const poison = named('poison');
  const word = prefix.replace('-', '');
  const byHand = named('by-hand');
  await consumers.query(
    `insert into pricing.subscribers (id, url, product_ids) values ($1, 'https://192.0.2.1', $2)`,
    [prefix, [wrong, missing]],
  );
  await products.query(
    `insert into products (product_id, name, price, stock_quantity)
     values ($1, 'Walnut ${word}', 20, 50), ($2, 'Missing', 1, 50)`,
    [wrong, missing],
  );
  await publishByHand(context, byHand);
  for (const id of [wrong, missing, byHand]) {
    await eventuallyProduct(context, id, (row) => assert.ok(row));
  }
  await eventually(
    async () => {
      for (const { id, entries, told } of await ledgersOf(consumers, [wrong, missing])) {
        assert.equal([entries, told], [1, id.startsWith('price') ? 1 : 0], id);
      }
    },
    { timeoutMs: 20_000, what: 'all consumers know them' },
  );
  await consumers.query(`update catalogue.products set price = 999 where product_id = $1`, [wrong]);
  await consumers.query('delete from catalogue.products where product_id = $1', [missing]);
  await consumers.query(`insert into catalogue.products (product_id) values ($1)`, [ghost]);
  await refuse(consumers, poison);
  await products.query(`insert into products (product_id, name, price) values ($1, 'Poison', 1)`, [
    poison,
  ]);
  await eventually(async () => assert.ok(await isParked(consumers, poison)), {
    timeoutMs: 20_000,
    what: 'what cannot be applied is parked',
  });
  await consumers.query('grant usage on schema catalogue to pg_monitor');
  await consumers.query('grant select on catalogue.products to pg_monitor');

  const before = await ledgersOf(consumers, [wrong, missing]);
  const fromUs = BigInt(Date.now()) * 1000n;
  const { ended } = rebuilt(context, 'catalogue');
  await eventually(
    async () => {
      const { rowCount } = await consumers.query(
        'select from runtime.rebuilds where ended_at is null and snapshot_lsn is not null',
      );
      assert.is(rowCount, 1);
    },
    { timeoutMs: 60_000, intervalMs: 20, what: 'the snapshot is asked for' },
  );
  stack.kill('consumers');
  const { code, output } = await ended;
  assert.is(code, 0, output);
  console.log(`# ${output.trim().split('\n').at(-1)}`);
  const deleted = await products.query(
    `delete from products where starts_with(product_id, $1) and product_id like '%-1'`,
    [prefix],
  );
  assert.ok((deleted.rowCount ?? 0) > 0);
  await context.load.stop();
  console.log(`# ${await assertMirrored(context)} rows are equal`);

  const { rows: found } = await consumers.query(
    `select product_id, effective_price from catalogue.search($1)`,
    [`walnut ${word}`],
  );
  assert.equal(found, [{ product_id: wrong, effective_price: '20.00' }]);
  await eventuallyProduct(context, byHand, (row) => assert.is(row?.name, 'By hand'));
  await eventually(async () => assert.not(await isParked(consumers, poison)), {
    timeoutMs: 20_000,
    what: 'what the new generation could apply is parked no longer',
  });
  const { rows: grants } = await consumers.query(
    `select has_table_privilege('pg_monitor', 'catalogue.products', 'select') as granted`,
  );
  assert.equal(grants, [{ granted: true }]);

  // The others read the snapshot as well.
  assert.equal(await wrongStock(consumers), []);
  assert.equal(await ledgersOf(consumers, [wrong, missing]), before);

  const reports = await readReports(context.kafka, context.codec);
  assert.not(
    reports.some(({ service }) => service.includes('@')),
    'reports of the generation',
  );
  assert.equal(await outbox.messagesOf('catalogue@next'), 0);
  const delaysMs = reports
    .filter(({ service, stage, key, at, details }) => {
      const counts =
        key?.startsWith(`${prefix}-`) === true && details?.includes('"snapshot":false');
      return service === 'catalogue' && stage === 'processed' && at >= fromUs && counts;
    })
    .map(({ at, occurredAt }) => Number(at - occurredAt) / 1000)
    .sort((a, b) => a - b);
  const at = (part: number): number =>
    Math.round(delaysMs[Math.floor(delaysMs.length * part)] ?? 0);
  const worst = Math.round(delaysMs.at(-1) ?? 0);
  console.log(
    `# ${delaysMs.length} effects meanwhile: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${worst} ms`,
  );

  // The database takes the key over, and removes it.
  await products.query(
    `insert into products (product_id, name, price) values ($1, 'Taken over', 7)`,
    [byHand],
  );
  await eventuallyProduct(context, byHand, (row) => assert.is(row?.price, '7.00'));
  await products.query('delete from products where product_id = $1', [byHand]);
  await eventuallyProduct(context, byHand, (row) => assert.is(row, undefined));
  assert.equal(await leftovers(consumers), []);
});

test('Ctrl-C leaves the rebuild open and says so; given up, nothing of it is left', async (context) => {
  const { consumers } = context;
  const { child, ended } = rebuilt(context, 'catalogue');
  await eventually(
    async () => {
      const { rowCount } = await consumers.query(
        `select from runtime.rebuilds where ended_at is null and state = 'reading'`,
      );
      assert.is(rowCount, 1);
    },
    { timeoutMs: 60_000, what: 'the rebuild has begun' },
  );
  child.kill('SIGINT');
  const interrupted = await ended;
  assert.is(interrupted.code, 130, interrupted.output);
  assert.match(interrupted.output, 'stays open');
  const cancelled = await rebuilt(context, 'catalogue', { CANCEL: '1' }).ended;
  assert.is(cancelled.code, 0, cancelled.output);
  await eventually(async () => assert.equal(await leftovers(consumers), []), {
    timeoutMs: 60_000,
    what: 'the given up rebuild is removed',
  });
  await assertMirrored(context);
});

/** `make rebuild`, without make. */
function rebuilt(
  { stack }: Context,
  consumer: string,
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; output: string }> } {
  const cli = fileURLToPath(import.meta.resolve('@shelfcast/consumers/internals/rebuild/cli'));
  const child = spawn(process.execPath, [...process.execArgv, cli], {
    env: { ...process.env, ...stack.env, CONSUMER: consumer, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: REBUILD_LIMIT_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk;
    });
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
  return { child, ended };
}

async function publishByHand({ codec, kafka }: Context, productId: string): Promise<void> {
  const producer = await kafka.createProducer();
  await publish({ codec, producer }, productUpdate(productId));
  await producer.close();
}

/** What the ledgers of pricing and inventory hold of products, and how much of it subscribers were told. */
async function ledgersOf(consumers: Pipeline['consumers'], productIds: readonly string[]) {
  const { rows } = await consumers.query<{ id: string; entries: number; told: number }>(
    `select 'price of ' || p.id as id, count(c.id)::int as entries, count(d.event_id)::int as told
     from unnest($1::text[]) as p(id) left join pricing.price_changes c on c.product_id = p.id
       left join pricing.deliveries d on d.event_id = c.id group by 1
     union all
     select 'stock of ' || p.id, count(m.id)::int, 0
     from unnest($1::text[]) as p(id) left join inventory.stock_movements m on m.product_id = p.id group by 1
     order by 1`,
    [productIds],
  );
  return rows;
}

/** Products whose movements do not add up to their stock. */
async function wrongStock(consumers: Pipeline['consumers']): Promise<string[]> {
  const { rows } = await consumers.query<{ what: string }>(
    `select format('%s: %s, moved %s', s.product_id, s.stock_quantity, moved.total) as what
     from inventory.stock s cross join lateral (
       select coalesce(sum(delta), 0) as total from inventory.stock_movements m where m.product_id = s.product_id
     ) as moved
     where coalesce(s.stock_quantity, 0) <> moved.total`,
  );
  return rows.map(({ what }) => what);
}

/** Has the generation in use refuse a product; the next one will not. */
async function refuse(consumers: Pipeline['consumers'], productId: string): Promise<void> {
  await consumers.query(`
    create function catalogue.refuse() returns trigger language plpgsql as $$
    begin
      raise exception 'refused';
    end $$;
    create trigger refuse before insert on catalogue.products
      for each row when (new.product_id = '${productId}') execute function catalogue.refuse()`);
}

async function isParked(consumers: Pipeline['consumers'], key: string): Promise<boolean> {
  const { rowCount } = await consumers.query(
    `select from runtime.guards where consumer = 'catalogue' and key = $1 and parked`,
    [key],
  );
  return rowCount === 1;
}

/** Counts the messages that are published from now on. */
async function watchOutbox(consumers: Pipeline['consumers']) {
  await consumers.query(`
    create schema test_rebuild;
    create table test_rebuild.published (consumer text);
    create function test_rebuild.note() returns trigger language plpgsql as $$
    begin
      insert into test_rebuild.published values (new.consumer);
      return null;
    end $$;
    create trigger test_rebuild after insert on runtime.outbox
      for each row execute function test_rebuild.note()`);
  return {
    async messagesOf(consumer: string): Promise<number> {
      const { rowCount } = await consumers.query(
        'select from test_rebuild.published where consumer = $1',
        [consumer],
      );
      return rowCount ?? 0;
    },
  };
}

/** What a rebuild that has ended must not leave behind. */
async function leftovers(consumers: Pipeline['consumers']): Promise<string[]> {
  const { rows } = await consumers.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'catalogue\\_%'
     union all select 'guards of ' || consumer from runtime.guards where consumer like '%@next'
     union all select 'batches of ' || consumer from runtime.batches where consumer like '%@next'
     union all select 'parked of ' || consumer from runtime.parked_keys where consumer like '%@next'
     union all select 'rebuild ' || id from runtime.rebuilds where ended_at is null`,
  );
  return rows.map(({ name }) => name);
}

test.run();
