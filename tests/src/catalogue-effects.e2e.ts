import { catalogue } from '@shelfcast/consumers/catalogue/consumer';
import { migrateConsumers } from '@shelfcast/consumers/migrate';
import { ensureFloors } from '@shelfcast/consumers/runtime/positions';
import { applyOnce } from '@shelfcast/consumers/runtime/transaction';
import { type Change, type Op, type Row, UNCHANGED } from '@shelfcast/schemas/change';
import { encodePosition } from '@shelfcast/schemas/position';
import { silentLogger } from '@shelfcast/service-kit/logging';
import { createPool, inTransaction } from '@shelfcast/service-kit/postgres';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTestDatabase } from './support/database.ts';

const nowMs = Date.parse('2026-06-15T12:00:00Z');
const test = suite<{ pool: Pool; drop: () => Promise<void> }>('catalogue effects');

test.before(async (context) => {
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [catalogue]);
  context.pool = createPool({
    url: database.url,
    max: 4,
    applicationName: 'test',
    log: silentLogger(),
  });
  context.drop = database.drop;
});

test.before.each(async ({ pool }) => {
  await pool.query(
    `truncate runtime.guards, runtime.floors, runtime.batches, catalogue.products,
       catalogue.product_discounts, catalogue.countries`,
  );
  await inTransaction(pool, (tx) =>
    ensureFloors(tx, 'catalogue', ['products', 'product_discounts', 'countries']),
  );
});

test.after(async ({ pool, drop }) => {
  await pool.end();
  await drop();
});

let nextOffset = 0n;

function change(op: Op, entity: string, key: string | null, lsn: number, row: Row | null): Change {
  const position = encodePosition({
    epoch: 1n,
    sequence: [0n, BigInt(lsn)],
    snapshot: op === 'read',
  });
  return {
    id: `${entity}:${key}:${lsn}`,
    origin: 'cdc',
    instance: 'test',
    entity,
    key,
    op,
    before: op === 'delete' ? row : null,
    after: op === 'delete' ? null : row,
    occurredAtUs: 0n,
    position,
    epoch: 1n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: 0,
    record: { topic: `pis.public.${entity}`, partition: 0, offset: nextOffset++ },
  };
}

const product = (id: string, lsn: number, fields: Row = {}, op: Op = 'update') =>
  change(op, 'products', id, lsn, {
    product_id: id,
    name: `Product ${id}`,
    currency: 'EUR',
    ...fields,
  });
const discount = (id: string, productId: string, lsn: number, fields: Row = {}) =>
  change('update', 'product_discounts', id, lsn, {
    discount_id: id,
    product_id: productId,
    ...fields,
  });

const deliver = (pool: Pool, changes: Change[]) =>
  inTransaction(pool, (tx) => applyOnce(catalogue, changes, tx, nowMs));

async function prices(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query(
    'select product_id, effective_price from catalogue.products order by product_id',
  );
  return Object.fromEntries(rows.map((row) => [row.product_id, row.effective_price]));
}

test('values arrive exact, columns the model does not know included', async ({ pool }) => {
  await deliver(pool, [
    product('P-1', 1, {
      price: '19.90',
      stock_quantity: 9007199254740993n,
      attributes: '{"ean": 90071992547409931234, "b": [1.10, null]}',
      updated_at: '2026-06-01T10:00:00.123456Z',
      loyalty: '12345678901234567890.0000000001',
      cert: new Uint8Array([0, 255]),
      tags: ['a', null],
    }),
  ]);
  const { rows } = await pool.query(
    `select price, stock_quantity, attributes, updated_at at time zone 'UTC' as updated_at, other_columns,
       effective_price from catalogue.products`,
  );
  assert.equal(rows, [
    {
      price: '19.90',
      stock_quantity: 9007199254740993n,
      attributes: '{"b": [1.10, null], "ean": 90071992547409931234}',
      updated_at: '2026-06-01 10:00:00.123456',
      other_columns:
        '{"cert": "\\\\x00ff", "tags": ["a", null], "loyalty": "12345678901234567890.0000000001"}',
      effective_price: '19.90',
    },
  ]);
});

test('an unchanged TOASTed column keeps its value, across batches and within one', async ({
  pool,
}) => {
  await deliver(pool, [product('P-1', 1, { description: 'long', price: '1.00', note: 'kept' })]);
  await deliver(pool, [
    product('P-1', 2, { description: UNCHANGED, price: '2.00', note: UNCHANGED }),
    product('P-2', 3, { description: 'two', price: '5.00' }),
    product('P-2', 4, { description: UNCHANGED, price: '6.00' }),
  ]);
  const { rows } = await pool.query(
    'select product_id, description, price, effective_price, other_columns from catalogue.products order by 1',
  );
  assert.equal(rows, [
    {
      product_id: 'P-1',
      description: 'long',
      price: '2.00',
      effective_price: '2.00',
      other_columns: '{"note": "kept"}',
    },
    {
      product_id: 'P-2',
      description: 'two',
      price: '6.00',
      effective_price: '6.00',
      other_columns: '{}',
    },
  ]);
});

test('the effective price follows the discount, the product and the move of a discount', async ({
  pool,
}) => {
  await deliver(pool, [discount('D-1', 'P-1', 1, { discount_percentage: '10.00' })]);
  await deliver(pool, [
    product('P-1', 2, { price: '20.00' }),
    product('P-2', 3, { price: '20.00' }),
  ]);
  assert.equal(await prices(pool), { 'P-1': '18.00', 'P-2': '20.00' });
  await deliver(pool, [discount('D-1', 'P-2', 4, { discount_percentage: '25.00' })]);
  assert.equal(await prices(pool), { 'P-1': '20.00', 'P-2': '15.00' });
  await deliver(pool, [change('delete', 'product_discounts', 'D-1', 5, { product_id: 'P-2' })]);
  assert.equal(await prices(pool), { 'P-1': '20.00', 'P-2': '20.00' });
});

test('a price that the clock will change is planned as a job', async ({ pool }) => {
  await deliver(pool, [
    product('P-1', 1, { price: '20.00' }),
    discount('D-1', 'P-1', 2, {
      discount_percentage: '50.00',
      start_date: '2026-07-01T00:00:00Z',
      end_date: 'infinity',
    }),
  ]);
  const { rows } = await pool.query(
    `select run_at = '2026-07-01T00:00:00Z' as due, key from graphile_worker.jobs`,
  );
  assert.equal(rows, [{ due: true, key: 'catalogue_reprice:P-1' }]);
});

test('a late older change cannot bring a deleted row back', async ({ pool }) => {
  const created = product('P-1', 1, { price: '1.00' });
  const deleted = change('delete', 'products', 'P-1', 2, {});
  const recreated = product('P-1', 3, { price: '3.00' });
  await deliver(pool, [created, deleted]);
  assert.equal(
    await deliver(pool, [{ ...created, record: { ...created.record, offset: 1000n } }]),
    ['skipped'],
  );
  assert.equal(await prices(pool), {});
  await deliver(pool, [recreated]);
  await deliver(pool, [{ ...deleted, record: { ...deleted.record, offset: 1001n } }]);
  assert.equal(await prices(pool), { 'P-1': '3.00' });
});

test('a truncate removes what is older, keeps what is newer and refuses what is late', async ({
  pool,
}) => {
  await deliver(pool, [
    product('old', 5, { price: '1.00' }),
    product('new', 15, { price: '2.00' }),
  ]);
  assert.equal(await deliver(pool, [change('truncate', 'products', null, 10, null)]), [
    'processed',
  ]);
  assert.equal(await deliver(pool, [product('late', 9, { price: '3.00' })]), ['skipped']);
  assert.equal(await prices(pool), { new: '2.00' });
});

test('a truncate of the discounts gives the list price back', async ({ pool }) => {
  await deliver(pool, [
    product('P-1', 1, { price: '10.00' }),
    discount('D-1', 'P-1', 2, { discount_percentage: '10' }),
  ]);
  assert.equal(await prices(pool), { 'P-1': '9.00' });
  await deliver(pool, [change('truncate', 'product_discounts', null, 3, null)]);
  assert.equal(await prices(pool), { 'P-1': '10.00' });
});

test('a batch that is delivered again has no second effect and the same outcomes', async ({
  pool,
}) => {
  const batch = [
    product('P-1', 5, { price: '5.00' }),
    product('P-1', 4, { price: '4.00' }),
    change('delete', 'products', 'P-2', 6, {}),
  ];
  const first = await deliver(pool, batch);
  const again = await deliver(pool, batch);
  assert.equal(first, ['processed', 'skipped', 'processed']);
  assert.equal(again, first);
  assert.equal(await prices(pool), { 'P-1': '5.00' });
});

test('full-text search finds by name, brand and description', async ({ pool }) => {
  await deliver(pool, [
    product('P-1', 1, {
      name: 'Walnut desk 140 cm',
      brand: 'Norrland',
      description: 'for offices',
    }),
    product('P-2', 2, { name: 'Lamp', description: 'goes with a walnut desk' }),
    product('P-3', 3, { name: 'Chair' }),
  ]);
  const { rows } = await pool.query(`select product_id from catalogue.search('walnut desk')`);
  assert.equal(
    rows.map((row) => row.product_id),
    ['P-1', 'P-2'],
  );
});

test('5 MB of text and a description that full-text search cannot take whole', async ({ pool }) => {
  const description = 'lorem ipsum '.repeat(430_000);
  await deliver(pool, [product('P-1', 1, { description })]);
  const { rows } = await pool.query('select length(description) as n from catalogue.products');
  assert.equal(rows, [{ n: description.length }]);
});

test.run();
