import { randomUUID } from 'node:crypto';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaAdmin, KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CatalogueHarness, openCatalogueHarness } from '../support/catalogue-harness.ts';
import { logEffects } from '../support/effect-log.ts';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline, eventuallyProduct, type Pipeline } from '../support/pipeline.ts';
import { kafkaAt } from '../support/pipeline-kafka.ts';
import { recordsOf, sendAgain } from '../support/redeliver.ts';

interface Context extends Pipeline {
  kafka: Kafka;
  admin: KafkaAdmin;
}

const test = suite<Context>('what comes again');

test.before((context) => {
  Object.assign(context, connectPipeline());
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.admin = context.kafka.createAdmin();
});
test.after(async (context) => {
  await context.admin.close();
  await context.close();
});

const newId = () => `R-${randomUUID().slice(0, 8)}`;

test('a delete that comes again leaves the row that was created since', async (context) => {
  const id = newId();
  await put(context, id, 1);
  await context.products.query('delete from products where product_id = $1', [id]);
  await eventuallyProduct(context, id, (row) => assert.is(row, undefined));
  const [, deletion] = await recordsOf(context.kafka, id);
  await put(context, id, 2);
  await eventuallyProduct(context, id, (row) => assert.is(row?.price, '2.00'));

  await sendAgain(context, deletion);

  await eventuallyProduct(context, id, (row) => assert.is(row?.price, '2.00'));
});

test('an update that comes again does not undo a later one', async (context) => {
  const id = newId();
  for (const price of [1, 2, 3]) await put(context, id, price);
  await eventuallyProduct(context, id, (row) => assert.is(row?.price, '3.00'));
  const [, second] = await recordsOf(context.kafka, id);

  await sendAgain(context, second);

  await eventuallyProduct(context, id, (row) => assert.is(row?.price, '3.00'));
});

test('an update that comes again does not bring a deleted row back', async (context) => {
  const id = newId();
  for (const price of [1, 2]) await put(context, id, price);
  await context.products.query('delete from products where product_id = $1', [id]);
  await eventuallyProduct(context, id, (row) => assert.is(row, undefined));
  const [, update] = await recordsOf(context.kafka, id);

  await sendAgain(context, update);

  await eventuallyProduct(context, id, (row) => assert.is(row, undefined));
});

test('a tombstone has no effect', async (context) => {
  const id = newId();
  await put(context, id, 1);
  await eventuallyProduct(context, id, (row) => assert.ok(row));
  const [creation] = await recordsOf(context.kafka, id);

  await sendAgain(context, creation && { ...creation, value: null });

  await eventuallyProduct(context, id, (row) => assert.is(row?.price, '1.00'));
});

test('a topic that is read again from its beginning has no second effect, and no new report', async (context) => {
  const harness = await openCatalogueHarness();
  try {
    const log = await logEffects(harness.pool);
    for (const record of await someHistory(context)) await harness.replay(record);
    await harness.start();
    await allHandled(harness);
    await harness.stop();
    const [effects, rows, reports] = [
      await log.read(''),
      await readModel(harness),
      await ids(harness),
    ];
    assert.ok(effects.length > 0 && reports.size > effects.length / 2);

    await harness.forgetOffsets();
    await harness.start();
    await allHandled(harness);

    assert.equal(await log.read(''), effects, 'effects');
    assert.equal(await readModel(harness), rows, 'the read model');
    assert.equal(await ids(harness), reports, 'ids of reports');
  } finally {
    await harness.close();
  }
});

test('bytes that cannot be read hold up their own key, and nothing is lost', async (context) => {
  const harness = await openCatalogueHarness();
  try {
    const prefix = newId();
    const history = await someHistory(context, prefix);
    const spoiled = onePerPartition(history);
    assert.ok(spoiled.length >= 3, 'the keys are spread');
    for (const [nr, record] of spoiled.entries()) {
      await harness.replay({ ...record, value: badBytes(record.value, nr) });
    }
    for (const record of history) await harness.replay(record);
    await harness.start();
    await allHandled(harness);
    const spoiledKeys = spoiled.map(({ key }) => key?.toString('latin1'));
    const behind = history.filter(({ key }) => spoiledKeys.includes(key?.toString('latin1')));
    const { rows } = await harness.pool.query(
      'select count(*)::int as parked from runtime.parked_changes',
    );
    assert.equal(rows, [{ parked: spoiled.length + behind.length }]);
    assert.equal(await presentOf(harness, behind), [], 'nothing behind the bad bytes was handled');

    await harness.pool.query(
      `insert into runtime.commands (consumer, kind, arguments, requested_by)
       values ('catalogue', 'discard', '{"all": true, "reason": "no Avro"}', 'test')`,
    );
    await eventually(
      async () => {
        const left = await harness.pool.query('select from runtime.parked_keys');
        assert.is(left.rowCount, 0);
      },
      { timeoutMs: 30_000, intervalMs: 200, what: 'what was behind is applied' },
    );
    // Beside these there are keys of the manual topics, which all consumers share.
    const handled = await harness.pool.query(
      `select count(*)::int as keys from runtime.guards where position <> '' and starts_with(key, $1)`,
      [`${prefix}-`],
    );
    assert.equal(handled.rows, [{ keys: 30 }]);
  } finally {
    await harness.close();
  }
});

/** Creates the product, or gives it another price. */
async function put({ products }: Pipeline, id: string, price: number): Promise<void> {
  await products.query(
    `insert into products (product_id, name, price) values ($1, 'Again', $2)
     on conflict (product_id) do update set price = excluded.price`,
    [id, price],
  );
}

/** Records of thirty products of our own: created, updated, and every third one deleted. */
async function someHistory(context: Context, prefix = newId()): Promise<KafkaRecord[]> {
  await context.products.query(
    `insert into products (product_id, name, price)
     select $1 || '-' || n, 'History', n from generate_series(1, 30) n`,
    [prefix],
  );
  await context.products.query(
    'update products set price = price + 1 where starts_with(product_id, $1)',
    [prefix],
  );
  await context.products.query(
    `delete from products where starts_with(product_id, $1) and price::int % 3 = 0`,
    [prefix],
  );
  let records: KafkaRecord[] = [];
  await eventually(
    async () => {
      records = await recordsOf(context.kafka, prefix);
      assert.is(records.length, 70);
    },
    { timeoutMs: 60_000, intervalMs: 500, what: 'the history is captured' },
  );
  return records;
}

function onePerPartition(records: readonly KafkaRecord[]): KafkaRecord[] {
  return [...new Map(records.map((record) => [record.partition, record])).values()];
}

/** Each number spoils the bytes in another way. */
function badBytes(value: Buffer | null, nr: number): Buffer {
  const good = value ?? Buffer.alloc(0);
  const unknownSchema = Buffer.from(good);
  unknownSchema.writeUInt32BE(0x7fffffff, 1);
  const ways = [
    Buffer.from('{"not": "avro"}'),
    good.subarray(0, 20),
    unknownSchema,
    Buffer.alloc(0),
    Buffer.concat([good, Buffer.from([1])]),
  ];
  return ways[nr % ways.length] ?? good;
}

async function allHandled(harness: CatalogueHarness): Promise<void> {
  for (let partition = 0; partition < 6; partition += 1) await harness.handled(partition);
}

async function readModel({ pool }: CatalogueHarness): Promise<unknown[]> {
  const { rows } = await pool.query('select * from catalogue.products order by product_id');
  return rows;
}

async function ids(harness: CatalogueHarness): Promise<Set<string>> {
  return new Set((await harness.reports()).map(({ id }) => id));
}

/** Products of these records that the bench's catalogue has. */
async function presentOf({ pool }: CatalogueHarness, records: readonly KafkaRecord[]) {
  const { rows } = await pool.query<{ product_id: string }>(
    'select product_id from catalogue.products',
  );
  return rows
    .map((row) => row.product_id)
    .filter((id) => records.some(({ key }) => key?.toString().endsWith(id)));
}

test.run();
