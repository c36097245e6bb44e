import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import type { Outcome } from '@shelfcast/consumers/internals/runtime/positions/classify';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Harness } from '@shelfcast/consumers/testing/harness';
import { type Change, type Row, UNCHANGED } from '@shelfcast/schemas/change';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';

interface Context {
  harness: Harness;
  pool: Pool;
  deliver: (changes: readonly Change[]) => Promise<Outcome[]>;
}

const nowMs = Date.parse('2026-06-15T12:00:00Z');
const test = suite<Context>('catalogue effects');

test.before(async (context) => {
  const harness = await openConsumerHarness(catalogue);
  context.harness = harness;
  context.pool = harness.pool;
  context.deliver = (changes) => harness.deliver(changes, { nowMs });
});

test.before.each(async ({ harness }) => {
  await harness.pool.query(
    'truncate catalogue.products, catalogue.product_discounts, catalogue.countries',
  );
  await harness.forget();
});

test.after(({ harness }) => harness.close());

const products = changesOf('public.products');
const discounts = changesOf('public.product_discounts');

const product = (id: string, version: number, fields: Row = {}) =>
  products.update(
    id,
    { product_id: id, name: `Product ${id}`, currency: 'EUR', ...fields },
    { version },
  );
const discount = (id: string, productId: string, version: number, fields: Row = {}) =>
  discounts.update(id, { discount_id: id, product_id: productId, ...fields }, { version });

async function prices(pool: Pool): Promise<Record<string, string>> {
  const { rows } = await pool.query(
    'select product_id, effective_price from catalogue.products order by product_id',
  );
  return Object.fromEntries(rows.map((row) => [row.product_id, row.effective_price]));
}

test('values arrive exact, columns the model does not know included', async ({ pool, deliver }) => {
  await deliver([
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
  deliver,
}) => {
  await deliver([product('P-1', 1, { description: 'long', price: '1.00', note: 'kept' })]);
  await deliver([
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
  deliver,
}) => {
  await deliver([discount('D-1', 'P-1', 1, { discount_percentage: '10.00' })]);
  await deliver([product('P-1', 2, { price: '20.00' }), product('P-2', 3, { price: '20.00' })]);
  assert.equal(await prices(pool), { 'P-1': '18.00', 'P-2': '20.00' });
  await deliver([discount('D-1', 'P-2', 4, { discount_percentage: '25.00' })]);
  assert.equal(await prices(pool), { 'P-1': '20.00', 'P-2': '15.00' });
  await deliver([discounts.delete('D-1', { version: 5, before: { product_id: 'P-2' } })]);
  assert.equal(await prices(pool), { 'P-1': '20.00', 'P-2': '20.00' });
});

test('a price that the clock will change is planned as a job', async ({ pool, deliver }) => {
  await deliver([
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

test('a late older change cannot bring a deleted row back', async ({ pool, deliver }) => {
  const created = product('P-1', 1, { price: '1.00' });
  const deleted = products.delete('P-1', { version: 2 });
  const recreated = product('P-1', 3, { price: '3.00' });
  await deliver([created, deleted]);
  assert.equal(await deliver([{ ...created, record: { ...created.record, offset: 1000n } }]), [
    'skipped',
  ]);
  assert.equal(await prices(pool), {});
  await deliver([recreated]);
  await deliver([{ ...deleted, record: { ...deleted.record, offset: 1001n } }]);
  assert.equal(await prices(pool), { 'P-1': '3.00' });
});

test('a truncate removes what is older, keeps what is newer and refuses what is late', async ({
  pool,
  deliver,
}) => {
  await deliver([product('old', 5, { price: '1.00' }), product('new', 15, { price: '2.00' })]);
  assert.equal(await deliver([products.truncate({ version: 10 })]), ['processed']);
  assert.equal(await deliver([product('late', 9, { price: '3.00' })]), ['skipped']);
  assert.equal(await prices(pool), { new: '2.00' });
});

test('a truncate of the discounts gives the list price back', async ({ pool, deliver }) => {
  await deliver([
    product('P-1', 1, { price: '10.00' }),
    discount('D-1', 'P-1', 2, { discount_percentage: '10' }),
  ]);
  assert.equal(await prices(pool), { 'P-1': '9.00' });
  await deliver([discounts.truncate({ version: 3 })]);
  assert.equal(await prices(pool), { 'P-1': '10.00' });
});

test('a batch that is delivered again has no second effect and the same outcomes', async ({
  pool,
  deliver,
}) => {
  const batch = [
    product('P-1', 5, { price: '5.00' }),
    product('P-1', 4, { price: '4.00' }),
    products.delete('P-2', { version: 6 }),
  ];
  const first = await deliver(batch);
  const again = await deliver(batch);
  assert.equal(first, ['processed', 'skipped', 'processed']);
  assert.equal(again, first);
  assert.equal(await prices(pool), { 'P-1': '5.00' });
});

test('full-text search finds by name, brand and description', async ({ pool, deliver }) => {
  await deliver([
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

test('5 MB of text and a description that full-text search cannot take whole', async ({
  pool,
  deliver,
}) => {
  const description = 'lorem ipsum '.repeat(430_000);
  await deliver([product('P-1', 1, { description })]);
  const { rows } = await pool.query('select length(description) as n from catalogue.products');
  assert.equal(rows, [{ n: description.length }]);
});

test('a name of different words that full-text search cannot take whole', async ({
  pool,
  deliver,
}) => {
  const name = Array.from({ length: 200_000 }, (_, nr) => `Ünïque${nr}`).join(' ');
  await deliver([product('P-1', 1, { name, brand: name, category: name, description: name })]);
  const { rows } = await pool.query('select length(name) as n from catalogue.products');
  assert.equal(rows, [{ n: name.length }]);
  const found = await pool.query(`select product_id from catalogue.search('Ünïque7')`);
  assert.is(found.rowCount, 1);
});

test.run();
