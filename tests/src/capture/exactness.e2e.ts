import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline as pipeStreams } from 'node:stream/promises';
import { eventually } from '@shelfcast/service-kit/eventually';
import { from as copyFrom } from 'pg-copy-streams';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertMirrored,
  connectPipeline,
  eventuallyProduct,
  type Pipeline,
} from '../support/pipeline.ts';

const test = suite<Pipeline>('what is committed arrives, exactly');

test.before((context) => {
  Object.assign(context, connectPipeline());
});
test.after((context) => context.close());

const newId = () => `T-${randomUUID().slice(0, 8)}`;

test('an edit of a price reaches the catalogue', async (pipeline) => {
  const { rows } = await pipeline.products.query(
    `update products set price = price + 1 where product_id = (select min(product_id) from products)
     returning product_id, price`,
  );
  await eventuallyProduct(pipeline, rows[0].product_id, (row) =>
    assert.is(row?.price, rows[0].price),
  );
});

test('COPY of 10,000 rows', async (pipeline) => {
  const prefix = newId();
  const client = await pipeline.products.connect();
  try {
    const lines = Array.from(
      { length: 10_000 },
      (_, nr) => `${prefix}-${nr}\tCopied ${nr}\t${nr}.05\n`,
    );
    await pipeStreams(
      Readable.from(lines),
      client.query(copyFrom('copy products (product_id, name, price) from stdin')),
    );
  } finally {
    client.release();
  }
  assert.ok((await assertMirrored(pipeline)) >= 10_000);
});

test('a change of the primary key moves the row, and its discounts with it', async (pipeline) => {
  const [before, after] = [newId(), newId()];
  await pipeline.products.query(
    `insert into products (product_id, name, price) values ($1, 'Renamed', 10)`,
    [before],
  );
  await pipeline.products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     values ($1, $2, 'sale', 50)`,
    [newId(), before],
  );
  await pipeline.products.query('update products set product_id = $2 where product_id = $1', [
    before,
    after,
  ]);
  await eventuallyProduct(pipeline, after, (row) => assert.is(row?.effective_price, '5.00'));
  await eventuallyProduct(pipeline, before, (row) => assert.is(row, undefined));
});

test('a row whose routing column, which is not in its key, changes: from one partition to another, in order', async (pipeline) => {
  const products = Array.from({ length: 12 }, newId);
  await pipeline.products.query(
    `insert into products (product_id, name, price) select id, 'Routed', 10 from unnest($1::text[]) as id`,
    [products],
  );
  const discount = newId();
  await pipeline.products.query(
    `insert into product_discounts (discount_id, product_id, discount_type, discount_percentage)
     values ($1, $2, 'sale', 50)`,
    [discount, products[0]],
  );
  for (const product of [...products, ...products.toReversed(), products[7]]) {
    await pipeline.products.query(
      'update product_discounts set product_id = $2 where discount_id = $1',
      [discount, product],
    );
  }
  for (const product of products) {
    const expected = product === products[7] ? '5.00' : '10.00';
    await eventuallyProduct(pipeline, product, (row) => assert.is(row?.effective_price, expected));
  }
});

test('a delete, also of a key that comes back', async (pipeline) => {
  const id = newId();
  const insert = (price: number) =>
    pipeline.products.query(
      `insert into products (product_id, name, price) values ($1, 'Comes and goes', $2)`,
      [id, price],
    );
  await insert(1);
  await pipeline.products.query('delete from products where product_id = $1', [id]);
  await eventuallyProduct(pipeline, id, (row) => assert.is(row, undefined));
  await insert(2);
  await eventuallyProduct(pipeline, id, (row) => assert.is(row?.price, '2.00'));
});

test('a description of 5 MB, then an update of another column', async (pipeline) => {
  const id = newId();
  const description = `${randomUUID()} long description. `.repeat(90_000).slice(0, 5_000_000);
  await pipeline.products.query(
    `insert into products (product_id, name, price, description) values ($1, 'Long', 1, $2)`,
    [id, description],
  );
  await pipeline.products.query('update products set price = 2 where product_id = $1', [id]);
  await eventuallyProduct(pipeline, id, (row) => {
    assert.is(row?.price, '2.00');
    assert.ok(row?.description === description, 'the description is whole');
  });
});

test('a snapshot read of a row that an open transaction has changed', async (pipeline) => {
  const [id, marker] = [newId(), newId()];
  await pipeline.products.query(
    `insert into products (product_id, name, price) values ($1, 'Raced', 1)`,
    [id],
  );
  const writer = await pipeline.products.connect();
  try {
    await writer.query('begin');
    await writer.query('update products set price = 2 where product_id = $1', [id]);
    await incrementalSnapshot(pipeline, 'public.products');
    await writer.query('commit');
  } finally {
    writer.release();
  }
  await pipeline.products.query(
    `insert into products (product_id, name, price) values ($1, 'Marker', 1)`,
    [marker],
  );
  await eventuallyProduct(pipeline, marker, (row) => assert.ok(row));
  await eventuallyProduct(pipeline, id, (row) => assert.is(row?.price, '2.00'));
  await assertMirrored(pipeline);
});

/** Resolves when Debezium has read the table to its end: each chunk leaves a window in the signal table. */
async function incrementalSnapshot({ products }: Pipeline, table: string): Promise<void> {
  await products.query(
    `insert into shelfcast.signal (id, type, data) values ($1, 'execute-snapshot', $2)`,
    [randomUUID(), JSON.stringify({ 'data-collections': [table], type: 'incremental' })],
  );
  const { rows } = await products.query<{ lsn: string }>(
    'select pg_current_wal_lsn()::text as lsn',
  );
  await eventually(
    async () => {
      const { rows: slots } = await products.query<{ open: boolean; passed: boolean }>(
        `select exists (select from shelfcast.signal where id like '%-open') as open,
           (select confirmed_flush_lsn > $1::pg_lsn from pg_replication_slots
            where slot_name = 'shelfcast') as passed`,
        [rows[0]?.lsn],
      );
      return slots[0]?.passed === true;
    },
    { what: `the snapshot of ${table}`, timeoutMs: 30_000 },
  );
}

test('a truncate followed by inserts', async (pipeline) => {
  const [gone, kept] = [newId(), newId()];
  await pipeline.products.query(`insert into countries (country_id, name) values ($1, 'Gone')`, [
    gone,
  ]);
  const client = await pipeline.products.connect();
  try {
    await client.query('begin');
    await client.query('truncate countries');
    await client.query(
      `insert into countries (country_id, name, total_sales) values ($1, 'Kept', 1204.50)`,
      [kept],
    );
    await client.query('commit');
  } finally {
    client.release();
  }
  await pipeline.products.query(
    `insert into countries (country_id, name) select 'C-' || n, 'Country ' || n from generate_series(1, 200) n`,
  );
  await assertMirrored(pipeline);
  const { rows } = await pipeline.consumers.query(
    'select total_sales from catalogue.countries where country_id = $1',
    [kept],
  );
  assert.equal(rows, [{ total_sales: '1204.50' }]);
});

test('numbers and instants that JSON and floating point would spoil, in columns added mid-stream', async (pipeline) => {
  const id = newId();
  const values = {
    any_numeric: '12345678901234567890.123456789012345678',
    wide_numeric: '1234567890123456789012345678.0123456789',
    small_numeric: '0.0000000001',
    big: '9007199254740993',
    until_tz: 'infinity',
    since_local: '-infinity',
    at_local: '2026-02-03T04:05:06.123456',
    on_day: '2026-02-03',
    blob: '\\x00ff10',
  };
  await pipeline.products.query(
    `alter table products add column any_numeric numeric, add column wide_numeric numeric(38,10),
       add column small_numeric numeric, add column big bigint not null default 1,
       add column until_tz timestamptz, add column since_local timestamp, add column at_local timestamp,
       add column on_day date, add column blob bytea`,
  );
  try {
    await pipeline.products.query(
      `insert into products (product_id, name, price, any_numeric, wide_numeric, small_numeric, big,
         until_tz, since_local, at_local, on_day, blob)
       values ($1, 'Exact', 0.1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [id, ...Object.values(values)],
    );
    await eventuallyProduct(pipeline, id, (row) =>
      assert.equal(JSON.parse(String(row?.other_columns)), values),
    );
    await pipeline.products.query(
      `begin; update products set big = -9223372036854775808 where product_id = '${id}';
       alter table products drop column any_numeric;
       update products set price = 0.3 where product_id = '${id}'; commit`,
    );
    await eventuallyProduct(pipeline, id, (row) => {
      const { any_numeric: _dropped, ...rest } = values;
      assert.is(row?.price, '0.30');
      assert.equal(JSON.parse(String(row?.other_columns)), {
        ...rest,
        big: '-9223372036854775808',
      });
    });
  } finally {
    await pipeline.products.query(
      `alter table products drop column if exists any_numeric, drop column wide_numeric,
         drop column small_numeric, drop column big, drop column until_tz, drop column since_local,
         drop column at_local, drop column on_day, drop column blob`,
    );
  }
  await pipeline.products.query('update products set price = 0.4 where product_id = $1', [id]);
  await eventuallyProduct(pipeline, id, (row) =>
    assert.equal([row?.price, row?.other_columns], ['0.40', '{}']),
  );
});

test('the first and the last instant that Postgres knows', async (pipeline) => {
  const instants = ['4713-01-01 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00', '-infinity'];
  for (const instant of instants) {
    const id = newId();
    await pipeline.products.query(
      `insert into products (product_id, name, price, updated_at) values ($1, 'Then', 1, $2)`,
      [id, instant],
    );
    await eventuallyProduct(pipeline, id, (row) => assert.ok(row, 'it arrived'));
    const { rows } = await pipeline.consumers.query(
      'select updated_at = $2::timestamptz as same from catalogue.products where product_id = $1',
      [id, instant],
    );
    assert.equal(rows, [{ same: true }], instant);
  }
});

test('an explicit null in a column that has a default', async (pipeline) => {
  const id = newId();
  await pipeline.products.query(`alter table products add column badge text default 'new'`);
  try {
    await pipeline.products.query(
      `insert into products (product_id, name, price, badge) values ($1, 'Plain', 1, null)`,
      [id],
    );
    await eventuallyProduct(pipeline, id, (row) =>
      assert.is(row?.other_columns, '{"badge": null}'),
    );
  } finally {
    await pipeline.products.query('alter table products drop column badge');
  }
});

test('a type that changes under the stream', async (pipeline) => {
  const id = newId();
  await pipeline.products.query('alter table products alter column stock_quantity type bigint');
  try {
    await pipeline.products.query(
      `insert into products (product_id, name, price, stock_quantity) values ($1, 'Many', 1, 9007199254740993)`,
      [id],
    );
    await eventuallyProduct(pipeline, id, (row) =>
      assert.is(row?.stock_quantity, 9007199254740993n),
    );
  } finally {
    await pipeline.products.query('delete from products where product_id = $1', [id]);
    await pipeline.products.query('alter table products alter column stock_quantity type int');
  }
  await assertMirrored(pipeline);
});

test.run();
