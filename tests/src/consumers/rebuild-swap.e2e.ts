// The transaction that puts a rebuilt read model in the place of the one in use.
import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { onSwap } from '@shelfcast/consumers/internals/catalogue/on-swap';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { createGate } from '@shelfcast/consumers/internals/rebuild/gate';
import { generationOf, migrateGeneration } from '@shelfcast/consumers/internals/rebuild/generation';
import { Refused } from '@shelfcast/consumers/internals/rebuild/refused';
import { SwapPostponed, swap } from '@shelfcast/consumers/internals/rebuild/swap';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../support/database.ts';

interface Context {
  pool: Pool;
  close: () => Promise<void>;
}

const generation = generationOf('catalogue');
const TOPIC = 'pis.public.products';
const test = suite<Context>('rebuild: swap');

test.before.each(async (context) => {
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [catalogue]);
  await migrateGeneration(database.url, catalogue, generation);
  const pool = createPool({
    url: database.url,
    max: 3,
    applicationName: 'test',
    log: silentLogger(),
  });
  await pool.query(`
    insert into runtime.rebuilds (consumer, requested_by) values ('catalogue', 'test');
    insert into runtime.floors values ('catalogue', 'products', ''), ('catalogue@next', 'products', '');
    insert into catalogue.products (product_id, name) values ('P', 'old');
    insert into catalogue_next.products (product_id, name) values ('P', 'new')`);
  context.pool = pool;
  context.close = async () => {
    await pool.end();
    await database.drop();
  };
});

test.after.each(async (context) => {
  await context.close();
});

test('the new generation comes with its positions and what it could not apply', async ({
  pool,
}) => {
  await pool.query(`
    insert into runtime.guards (consumer, entity, key, position, parked) values
      ('catalogue', 'products', 'P', '1', false), ('catalogue@next', 'products', 'P', '2', false),
      ('catalogue', 'products', 'gone before', '1', false),
      ('catalogue', 'products', 'fails', '1', true), ('catalogue@next', 'products', 'fails', '1', true),
      ('catalogue', 'products', 'failed', '1', true), ('catalogue@next', 'products', 'failed', '2', false),
      ('catalogue', 'products', 'published', 'm-1', false), ('catalogue@next', 'products', 'published', '2-0', false);
    insert into runtime.parked_keys
      (consumer, entity, key, state, attempts, next_attempt_at, error_type, error_message) values
      ('catalogue', 'products', 'fails', 'dead', 6, now(), 'Error', 'old'),
      ('catalogue@next', 'products', 'fails', 'retrying', 1, now(), 'Error', 'new'),
      ('catalogue', 'products', 'failed', 'dead', 6, now(), 'Error', 'old');
    insert into catalogue.products (product_id, name) values ('published', 'by hand');
    insert into catalogue_next.products (product_id, name) values ('published', 'of a snapshot')`);

  assert.is(await swapped(pool), true);

  const { rows: names } = await pool.query(
    'select product_id, name from catalogue.products order by 1',
  );
  assert.equal(names, [
    { product_id: 'P', name: 'new' },
    { product_id: 'published', name: 'by hand' },
  ]);
  const { rows: guards } = await pool.query(
    `select key, position, parked from runtime.guards where consumer = 'catalogue' order by key`,
  );
  assert.equal(guards, [
    { key: 'P', position: '2', parked: false },
    { key: 'failed', position: '2', parked: true },
    { key: 'fails', position: '1', parked: true },
    { key: 'gone before', position: '1', parked: false },
    { key: 'published', position: 'm-1', parked: false },
  ]);
  const { rows: parked } = await pool.query(
    'select consumer, key, state, error_message from runtime.parked_keys order by key',
  );
  assert.equal(parked, [
    { consumer: 'catalogue', key: 'failed', state: 'retrying', error_message: 'old' },
    { consumer: 'catalogue', key: 'fails', state: 'retrying', error_message: 'new' },
  ]);
  assert.is(await nameIn(pool, 'catalogue_old'), 'old');
});

test('while a resync sweeps, and after one that was asked for meanwhile, the swap is refused', async ({
  pool,
}) => {
  for (const state of ['pending', 'done']) {
    await pool.query(
      `insert into runtime.commands (consumer, kind, state, requested_by) values ('catalogue', 'sweep', $1, 'test')`,
      [state],
    );
    assert.ok((await failureOf(swapped(pool))) instanceof Refused, state);
    await pool.query('delete from runtime.commands');
  }
  assert.is(await nameIn(pool, 'catalogue'), 'old');

  await pool.query(
    `insert into runtime.commands (consumer, kind, state, requested_by, requested_at)
     values ('catalogue', 'sweep', 'done', 'test', now() - interval '1 hour')`,
  );
  assert.is(await swapped(pool), true);
  assert.is(await nameIn(pool, 'catalogue'), 'new');
});

test('a generation that is behind does not take the place of the one in use', async ({ pool }) => {
  await pool.query(
    `insert into runtime.batches values ('catalogue', $1, 0, 0, 10, '{}'), ('catalogue@next', $1, 0, 0, 9, '{}')`,
    [TOPIC],
  );
  assert.ok((await failureOf(swapped(pool, 5n))) instanceof SwapPostponed);
  assert.is(await nameIn(pool, 'catalogue'), 'old');
  // What its group has committed counts as well.
  assert.is(await swapped(pool, 10n), true);
});

test('what the one in use has handled of a topic that was made again does not count', async ({
  pool,
}) => {
  await pool.query(
    `insert into runtime.batches values ('catalogue', $1, 0, 20, 55, '{}'), ('catalogue@next', $1, 0, 20, 25, '{}')`,
    [TOPIC],
  );
  assert.ok((await failureOf(swapped(pool, 25n, 26n))) instanceof SwapPostponed);
  assert.is(await swapped(pool, 25n, 25n), true);
});

test('a lock that is not to be had postpones the swap, and nothing is changed', async ({
  pool,
}) => {
  const holder = await pool.connect();
  await holder.query('begin');
  await holder.query('select from catalogue.products for update');
  await holder.query('lock table catalogue.products in row exclusive mode');
  assert.ok((await failureOf(swapped(pool))) instanceof SwapPostponed);
  await holder.query('commit');
  holder.release();
  assert.is(await swapped(pool), true);
});

test('one that was given up is not swapped in', async ({ pool }) => {
  await pool.query(`update runtime.rebuilds set cancelled_by = 'test'`);
  assert.is(await swapped(pool), false);
  assert.is(await nameIn(pool, 'catalogue'), 'old');
});

function swapped(pool: Pool, handledTo = 0n, end = 1_000n): Promise<boolean> {
  return swap({
    pool,
    generation,
    rebuild: { onSwap },
    rebuildId: '1',
    gate: createGate(),
    handled: [{ topic: TOPIC, partition: 0, offset: handledTo }],
    readEnds: async () => [{ topic: TOPIC, partition: 0, offset: end }],
    patienceMs: 300,
  });
}

async function nameIn(pool: Pool, schema: string): Promise<unknown> {
  const { rows } = await pool.query(`select name from ${schema}.products where product_id = 'P'`);
  return rows[0]?.name;
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test.run();
