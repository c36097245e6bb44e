import { randomBytes } from 'node:crypto';
import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { runDemo } from '@shelfcast/product-database/demo';
import { migrateProducts } from '@shelfcast/product-database/migrate';
import { seedProducts } from '@shelfcast/product-database/seed';
import pg from 'pg';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../support/database.ts';

const debeziumPassword = 'debezium';
const database = await createTestDatabase();
const connectionString = database.url;
const db = new pg.Pool({ connectionString, max: 2 });

test.after(async () => {
  await db.end();
  await database.drop();
});

test('processes that migrate together apply everything once', async () => {
  const migrate = () => migrateProducts({ connectionString, debeziumPassword });
  const applied = await Promise.all([migrate(), migrate(), migrate()]);
  assert.is(applied.filter((names) => names.length > 0).length, 1);
  assert.equal(await migrate(), []);
});

test('the migration publishes what it says is captured, and what Debezium itself needs', async () => {
  const captured = await listCapturedTables(db);
  assert.equal(
    captured.map(({ table, routingColumn }) => [table, routingColumn]),
    [
      ['countries', 'country_id'],
      ['product_discounts', 'product_id'],
      ['products', 'product_id'],
    ],
  );
  const { rows } = await db.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_publication_tables where pubname = 'shelfcast'`,
  );
  assert.equal(rows.map(({ name }) => name).sort(), [
    'public.countries',
    'public.product_discounts',
    'public.products',
    'shelfcast.heartbeat',
    'shelfcast.signal',
  ]);
});

test('the demo edits a price and a stock that are as high as their columns allow', async () => {
  const client = await db.connect();
  const stop = new AbortController();
  try {
    await client.query('begin');
    await client.query('delete from public.product_discounts');
    await client.query('delete from public.products');
    await client.query(
      "insert into public.products (product_id, name, price, stock_quantity) values ('DEMO-1', 'x', 9999999999.99, 2147483647)",
    );
    let edits = 0;
    await runDemo({
      db: client,
      changesPerSecond: 1_000,
      signal: stop.signal,
      onChange: () => {
        edits += 1;
        if (edits === 40) stop.abort();
      },
    });
    assert.is(edits, 40);
  } finally {
    await client.query('rollback');
    client.release();
  }
});

test('seeding fills an empty database once, also when two processes do it', async () => {
  const results = await Promise.all([
    seedProducts({ connectionString }),
    seedProducts({ connectionString }),
  ]);
  const { rows } = await db.query<{ n: number }>('select count(*)::int as n from products');
  const n = rows[0]?.n ?? 0;
  assert.ok(n >= 300);
  assert.equal(
    results.map(({ products }) => products).sort((a, b) => a - b),
    [0, n],
  );
});

test('rows that make no sense are refused', async () => {
  for (const statement of [
    "insert into products (product_id, name, price) values ('X', 'x', -1)",
    "insert into products (product_id, name, price, currency) values ('X', 'x', 1, 'eur')",
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     select 'X', product_id, 'x', 101 from products limit 1`,
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage, minimum_quantity)
     select 'X', product_id, 'x', 10, 0 from products limit 1`,
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage, start_date, end_date)
     select 'X', product_id, 'x', 10, now(), now() - interval '1 day' from products limit 1`,
  ]) {
    await db.query(statement).then(
      () => assert.unreachable(statement),
      (error: Error) => assert.match(error.message, /violates check constraint/, statement),
    );
  }
});

test('an edit moves updated_at, an explicit updated_at stays', async () => {
  const read = async () =>
    (
      await db.query<{ at: string }>(
        'select updated_at::text as at from products order by product_id limit 1',
      )
    ).rows[0]?.at;
  const first = '(select min(product_id) from products)';
  const before = await read();
  await db.query(`update products set price = price + 1 where product_id = ${first}`);
  assert.is.not(await read(), before);
  await db.query(`update products set updated_at = 'infinity' where product_id = ${first}`);
  assert.is(await read(), 'infinity');
});

test('a table made without a schema is public, with any name of the owner', async () => {
  const owner = new pg.Client({ connectionString });
  await owner.connect();
  try {
    await owner.query('create table made_in_psql (id int primary key)');
    const { rowCount } = await owner.query(
      "select from pg_tables where schemaname = 'public' and tablename = 'made_in_psql'",
    );
    assert.is(rowCount, 1);
  } finally {
    await owner.end();
  }
});

test('an owner that may not touch roles can migrate where the debezium role exists', async () => {
  const name = `owner_${randomBytes(4).toString('hex')}`;
  const url = new URL(connectionString);
  url.username = name;
  url.password = 'owner';
  url.pathname = `/${name}`;
  await db.query(`create role ${name} login password 'owner'`);
  await db.query(`grant ${name} to current_user`); // to give it a database
  await db.query(`create database ${name} owner ${name}`);
  try {
    const lines: string[] = [];
    const applied = await migrateProducts({
      connectionString: url.toString(),
      debeziumPassword: 'not changed',
      log: (line) => lines.push(line),
    });
    assert.ok(applied.length > 0);
    assert.match(lines.join('\n'), /managed by someone else/);
  } finally {
    await db.query(`drop database ${name} with (force)`);
    await db.query(`drop role ${name}`);
  }
});

test.run();
