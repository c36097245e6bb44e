// Fields that both the database and others may change: the newest acceptance counts, in every consumer.
import { randomUUID } from 'node:crypto';
import { catalogue } from '@shelfcast/consumers/internals/catalogue/consumer';
import { sharedFieldsSetting } from '@shelfcast/consumers/internals/shared-fields-setting';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';
import { fromEnvironment } from '../support/environment.ts';
import {
  createProductIds,
  type EventSender,
  giveToDatabase,
  productUpdate,
  publish,
} from '../support/manual-events.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import {
  type KnownProduct,
  openSharingHarness,
  type SharingHarness,
} from '../support/sharing-harness.ts';

interface Context extends Pipeline, EventSender {
  harness: SharingHarness;
}

const SHARED = sharedFieldsSetting.parse('products.price,products.stock_quantity');
const HOUR_MS = 3_600_000;
const MEMBERS = 2;
const test = suite<Context>('shared fields');
const ids = createProductIds();

test.before(async (context) => {
  Object.assign(context, connectPipeline(), {
    codec: codecAt(fromEnvironment('SCHEMA_REGISTRY_URL')),
    producer: await kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createProducer(),
    harness: await openSharingHarness(SHARED, MEMBERS),
  });
});
test.after(async (context) => {
  await context.harness?.close();
  await giveToDatabase(context, ids.all);
  await context.producer?.close();
  context.codec?.close();
  await context.close?.();
});

const before = () => Date.now() - HOUR_MS;
/** An API's clock ahead of the database's: no edit made now is newer. */
const after = () => Date.now() + HOUR_MS;

async function create({ products }: Pipeline, id: string): Promise<void> {
  await products.query(
    `insert into products (product_id, name, price, stock_quantity) values ($1, 'By database', 20, 50)`,
    [id],
  );
}

async function eventuallyProduct(
  { harness }: Context,
  id: string,
  expected: Partial<KnownProduct> | undefined,
): Promise<void> {
  await eventually(
    async () => {
      const product = await harness.product(id);
      if (expected === undefined) return assert.is(product, undefined);
      assert.equal({ ...product, ...expected }, product);
    },
    { timeoutMs: 30_000, intervalMs: 50, what: `product ${id}` },
  );
}

/** What lost of a change, as each consumer recorded it. */
async function eventuallyLost({ harness }: Context, changeId: string, columns: readonly string[]) {
  await eventually(
    async () => {
      const { rows } = await harness.pool.query(
        `select consumer, array(select jsonb_object_keys(columns) order by 1) as columns
         from runtime.conflicts where change_id = $1 order by 1`,
        [changeId],
      );
      const expected = ['catalogue', 'inventory', 'pricing'].map((consumer) => ({
        consumer,
        columns,
      }));
      assert.equal(rows, expected);
    },
    { timeoutMs: 30_000, intervalMs: 50, what: 'all consumers have recorded what lost' },
  );
}

const UNSHARED = ['brand', 'category', 'dimensions', 'name', 'weight_kg'];

test('a newer event changes the shared fields of a row, the rest is recorded as a conflict', async (context) => {
  const id = ids.next();
  await create(context, id);
  await eventuallyProduct(context, id, { name: 'By database', price: '20.00', stock: 50 });
  const event = productUpdate(id, { price: '15.00', stock_quantity: 4 });
  const changeId = await publish(context, event, { acceptedAtMs: after() });
  const expected = { name: 'By database', price: '15.00', stock: 4, effectivePrice: '15.00' };
  await eventuallyProduct(context, id, expected);
  await eventuallyLost(context, changeId, UNSHARED);

  await context.products.query(`update products set name = 'Renamed' where product_id = $1`, [id]);
  await eventuallyProduct(context, id, { ...expected, name: 'Renamed' });
});

test('a row change that changes a shared field wins when it is newer, an older event does not', async (context) => {
  const id = ids.next();
  await create(context, id);
  await eventuallyProduct(context, id, { price: '20.00' });
  const older = await publish(context, productUpdate(id, { price: '1.00' }), {
    acceptedAtMs: before(),
  });
  await eventuallyLost(
    context,
    older,
    [...UNSHARED, 'price', 'product_id', 'stock_quantity'].sort(),
  );
  assert.is((await context.harness.product(id))?.price, '20.00');

  await publish(context, productUpdate(id, { price: '15.00', stock_quantity: 4 }));
  await eventuallyProduct(context, id, { price: '15.00', stock: 4 });
  await context.products.query('update products set price = 18 where product_id = $1', [id]);
  await eventuallyProduct(context, id, { price: '18.00', stock: 4 });
  await context.products.query('delete from products where product_id = $1', [id]);
  await eventuallyProduct(context, id, undefined);
});

test('an event that comes again has no second effect', async (context) => {
  const id = ids.next();
  await create(context, id);
  await eventuallyProduct(context, id, { stock: 50 });
  const event = productUpdate(id, { stock_quantity: 4 });
  const sent = { id: randomUUID(), acceptedAtMs: Date.now() };
  await publish(context, event, sent);
  await eventuallyProduct(context, id, { stock: 4 });
  await context.products.query('update products set stock_quantity = 60 where product_id = $1', [
    id,
  ]);
  await eventuallyProduct(context, id, { stock: 60 });
  await publish(context, event, sent);
  const last = await publish(context, productUpdate(id, { name: 'Last' }), {
    acceptedAtMs: before(),
  });
  await eventuallyLost(
    context,
    last,
    [...UNSHARED, 'price', 'product_id', 'stock_quantity'].sort(),
  );
  const { rows } = await context.harness.pool.query(
    'select kind, delta::int, origin from inventory.stock_movements where product_id = $1 order by nr',
    [id],
  );
  assert.equal(
    rows.map(({ kind, delta, origin }) => `${kind} ${delta} ${origin}`),
    ['opening 50 cdc', 'change -46 manual', 'change 56 cdc'],
  );
});

test('the database takes a key over, except for what was accepted later', async (context) => {
  const [late, early] = [ids.next(), ids.next()];
  await publish(context, productUpdate(late), { acceptedAtMs: after() });
  await publish(context, productUpdate(early), { acceptedAtMs: before() });
  for (const id of [late, early]) {
    await eventuallyProduct(context, id, { name: 'By hand', price: '12.50', stock: 3 });
    await create(context, id);
  }
  await eventuallyProduct(context, late, { name: 'By database', price: '12.50', stock: 3 });
  await eventuallyProduct(context, early, { name: 'By database', price: '20.00', stock: 50 });
});

test('what was parked and tried again decides by the same times', async (context) => {
  const id = ids.next();
  await create(context, id);
  await eventuallyProduct(context, id, { price: '20.00' });
  const { pool } = context.harness;
  await pool.query(
    `alter table catalogue.products add constraint poison check (price <> 6.66) not valid`,
  );
  await publish(context, productUpdate(id, { price: '6.66', stock_quantity: 6 }), {
    acceptedAtMs: after() + 1,
  });
  const behind = await publish(context, productUpdate(id, { price: '7.00', stock_quantity: 7 }), {
    acceptedAtMs: after() - HOUR_MS / 2,
  });
  await eventually(
    async () => {
      const { rows } = await pool.query(
        'select change_id from runtime.parked_changes where key = $1 order by id',
        [id],
      );
      assert.is(rows.length, 2);
      assert.is(rows[1]?.change_id, behind);
    },
    { timeoutMs: 30_000, intervalMs: 50, what: 'both wait' },
  );
  await pool.query('alter table catalogue.products drop constraint poison');
  await eventuallyProduct(context, id, { name: 'By database', price: '6.66', stock: 6 });
  await eventuallyLost(
    context,
    behind,
    [...UNSHARED, 'price', 'product_id', 'stock_quantity'].sort(),
  );
});

test('the newest acceptance counts, in any order of reading the topics and by any process', async (context) => {
  const { products } = context;
  const all = Array.from({ length: 120 }, () => ids.next());
  const isLate = (index: number) => index % 2 === 0;
  const events = all.map((id, index) => async () => {
    await publish(context, productUpdate(id, { price: '15.00', stock_quantity: 4 }), {
      acceptedAtMs: isLate(index) ? after() : before(),
    });
  });
  const rows = all.map((id) => async () => {
    await create(context, id);
    await products.query('update products set price = 21 where product_id = $1', [id]);
    await products.query(`update products set name = 'Renamed' where product_id = $1`, [id]);
  });
  for (const [index, row] of rows.entries()) {
    const event = events[index];
    // A third each: the event first, the rows first, both at once.
    if (index % 3 === 0) await event?.();
    await Promise.all([row(), ...(index % 3 === 1 && event ? [event()] : [])]);
    if (index % 3 === 2) await event?.();
  }
  for (const [index, id] of all.entries()) {
    const expected = isLate(index) ? { price: '15.00', stock: 4 } : { price: '21.00', stock: 50 };
    await eventuallyProduct(context, id, { name: 'Renamed', ...expected });
  }
});

test('an event leaves columns alone that it knows nothing of, and a deleted or truncated row deleted', async () => {
  const harness = await openConsumerHarness({ ...catalogue, sharedFields: SHARED });
  try {
    const rows = changesOf('public.products');
    const product = { product_id: 'P', name: 'a', price: '20.00', color: 'red' };
    const event = () => rows.event('P', productColumns({ price: '15.00' }), at());
    let seconds = 0;
    const at = () => {
      seconds += 1;
      return { occurredAtMs: seconds * 1_000 };
    };
    const stored = async () =>
      (await harness.pool.query('select name, price, other_columns from catalogue.products')).rows;
    const events = [rows.create('P', product, at()), event()];
    await harness.deliver(events);
    assert.equal(await stored(), [
      { name: 'a', price: '15.00', other_columns: '{"color": "red"}' },
    ]);
    assert.equal(
      await harness.deliver(events),
      ['processed', 'processed'],
      'the same when it comes again',
    );
    assert.equal(await harness.deliver([rows.delete('P', at()), event()]), [
      'processed',
      'conflict',
    ]);
    assert.equal(await stored(), []);
  } finally {
    await harness.close();
  }
});

/** A row as a manual event tells of it. */
function productColumns(fields: { readonly price: string }) {
  const { weight, ...event } = productUpdate('P', fields);
  return { ...event, weight_kg: weight };
}

test.run();
