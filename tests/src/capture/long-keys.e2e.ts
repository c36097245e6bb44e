// Keys as long as the source takes them are keys like others: in every consumer, parked or not.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { inventory } from '@shelfcast/consumers/internals/inventory/consumer';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { listDeadLetters } from '@shelfcast/consumers/operations/dead-letters';
import { eventually } from '@shelfcast/service-kit/eventually';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../support/database.ts';
import { assertMirrored, connectPipeline } from '../support/pipeline.ts';

const test = suite('long keys');
const pipeline = connectPipeline();
const { products, consumers } = pipeline;

/** The longest that the source's index takes as it is, and one that it takes because it compresses well. */
const KEYS = [
  randomBytes(1_344).toString('hex'),
  `${'long '.repeat(4_000)}${randomBytes(4).toString('hex')}`,
];

test.after(async () => {
  await products.query('delete from product_discounts where product_id = any($1)', [KEYS]);
  await products.query('delete from products where product_id = any($1)', [KEYS]);
  await consumers.query('drop function if exists refuse_long() cascade');
  await pipeline.close();
});

/** What each consumer has of the keys. */
async function seen(): Promise<number[]> {
  const counts = [];
  for (const table of ['catalogue.products', 'pricing.products', 'inventory.stock']) {
    const { rowCount } = await consumers.query(`select from ${table} where product_id = any($1)`, [
      KEYS,
    ]);
    counts.push(rowCount ?? 0);
  }
  return counts;
}

async function eventuallySeen(expected: readonly number[]): Promise<void> {
  await eventually(async () => assert.equal(await seen(), expected), {
    what: `${expected} of the long keys in catalogue, pricing and inventory`,
    timeoutMs: 60_000,
  });
}

test('a row whose key fills an index entry reaches every consumer, is changed, priced by the clock, and deleted', async () => {
  assert.is(KEYS[0]?.length, 2_688);
  await products.query(
    `insert into products (product_id, name, price, stock_quantity) select id, 'Long', 10, 3 from unnest($1::text[]) as id`,
    [KEYS],
  );
  await products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage, start_date)
     select id, id, 'season', 10, now() + interval '1 hour' from unnest($1::text[]) as id`,
    [KEYS],
  );
  await eventuallySeen([2, 2, 2]);
  await products.query(
    'update products set price = 11, stock_quantity = 4 where product_id = any($1)',
    [KEYS],
  );
  await assertMirrored(pipeline);
  assert.equal(await listDeadLetters(consumers, { limit: 10 }), []);

  await products.query('delete from product_discounts where product_id = any($1)', [KEYS]);
  await products.query('delete from products where product_id = any($1)', [KEYS]);
  await eventuallySeen([0, 0, 0]);
});

test('a long key that a consumer cannot take is parked, seen, and no other key waits', async () => {
  const [key = ''] = KEYS;
  await consumers.query(
    `create function refuse_long() returns trigger language plpgsql as
       $$ begin raise exception 'refused'; end $$;
     create trigger refuse_long before insert on catalogue.products for each row
       when (length(new.product_id) > 2000) execute function refuse_long()`,
  );
  await products.query(`insert into products (product_id, name, price) values ($1, 'Long', 1)`, [
    key,
  ]);
  const [letter] = await eventually(
    async () => {
      const letters = await listDeadLetters(consumers, { consumer: 'catalogue', key, limit: 10 });
      return letters.length > 0 && letters;
    },
    { what: 'the key is parked', timeoutMs: 60_000 },
  );
  assert.is(letter?.key, key);
  await consumers.query('drop function refuse_long() cascade');
  await assertMirrored(pipeline);
});

test('what a database had before goes on: the same rows, keys that are unique, and longer ones', async () => {
  const database = await createTestDatabase();
  const db = new pg.Client({ connectionString: database.url });
  try {
    await migrateConsumers(database.url, [inventory]);
    await db.connect();
    const { rows } = await db.query<{ name: string }>('select name from runtime.migrations');
    assert.is(
      rows.length,
      readdirSync(new URL('../../../consumers/src/runtime/migrations', import.meta.url)).length,
    );
    const put = (key: string, position: string) =>
      db.query(
        `insert into runtime.guards as g (consumer, entity, key, position) values ('c', 'e', $1, $2)
         on conflict (consumer, entity, runtime.bounded(key)) do update set position = excluded.position`,
        [key, position],
      );
    // One that looks like what stands for another is not the other.
    const stands = await db.query<{ text: string }>('select runtime.bounded($1) as text', [
      KEYS[0],
    ]);
    for (const key of ['short', 'a\\b', ...KEYS, stands.rows[0]?.text ?? '']) {
      await put(key, '1');
      await put(key, '2');
    }
    const { rows: guards } = await db.query<{ position: string }>(
      'select position from runtime.guards',
    );
    assert.equal(
      guards.map(({ position }) => position),
      ['2', '2', '2', '2', '2'],
    );
  } finally {
    await db.end();
    await database.drop();
  }
});

test.run();
