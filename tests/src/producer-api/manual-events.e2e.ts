// Events of systems without a database, and who owns a key that both they and the database speak of.
import { randomUUID } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { PRODUCT_DISCOUNT } from '@shelfcast/schemas/contracts';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaProducer } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import {
  createProductIds,
  giveToDatabase,
  productUpdate,
  publish,
} from '../support/manual-events.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';

interface Context extends Pipeline {
  codec: Codec;
  producer: KafkaProducer;
}

const test = suite<Context>('manual events');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  context.producer = await kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createProducer();
});
test.after(async (context) => {
  await giveToDatabase(context, ids.all);
  await context.producer?.close();
  context.codec?.close();
  await context.close?.();
});

const ids = createProductIds();

async function productOf({ consumers }: Pipeline, id: string) {
  const { rows } = await consumers.query(
    `select name, price, effective_price, description, stock_quantity, weight_kg
     from catalogue.products where product_id = $1`,
    [id],
  );
  return rows[0];
}

async function eventuallyProduct(
  pipeline: Pipeline,
  id: string,
  check: (row: Record<string, unknown> | undefined) => void,
): Promise<void> {
  await eventually(async () => check(await productOf(pipeline, id)), {
    timeoutMs: 20_000,
    intervalMs: 50,
    what: `product ${id}`,
  });
}

/** Ten per cent off. */
async function publishDiscount({ codec, producer }: Context, productId: string): Promise<void> {
  const encode = await codec.encoder(PRODUCT_DISCOUNT);
  await producer.send([
    {
      topic: 'product_discounts',
      key: productId,
      value: encode({
        product_id: productId,
        discount_type: 'seasonal',
        discount_percentage: '10.00',
        start_date: null,
        end_date: null,
        minimum_quantity: 1,
        maximum_discount: null,
        discount_id: null,
      }),
      headers: { ce_id: randomUUID() },
    },
  ]);
}

test('a product that no database knows appears in the catalogue, with its effective price', async (context) => {
  const id = ids.next();
  await publish(context, productUpdate(id));
  await eventuallyProduct(context, id, (row) =>
    assert.equal(
      [row?.name, row?.price, row?.effective_price, row?.weight_kg],
      ['By hand', '12.50', '12.50', '1.250'],
    ),
  );
  await publishDiscount(context, id);
  await eventuallyProduct(context, id, (row) => assert.is(row?.effective_price, '11.25'));
});

test('the database takes over what it speaks of; later events of others are conflicts', async (context) => {
  const id = ids.next();
  await publish(context, productUpdate(id));
  await eventuallyProduct(context, id, (row) => assert.is(row?.name, 'By hand'));
  await context.products.query(
    `insert into products (product_id, name, price, description) values ($1, 'By database', 20, 'Kept')`,
    [id],
  );
  await eventuallyProduct(context, id, (row) =>
    assert.equal([row?.name, row?.price, row?.description], ['By database', '20.00', 'Kept']),
  );
  const refused = await publish(context, productUpdate(id, { name: 'Too late' }));
  await eventually(
    async () => {
      const { rows } = await context.consumers.query(
        `select entity, key, origin, columns ->> 'name' as name from runtime.conflicts
         where consumer = 'catalogue' and change_id = $1`,
        [refused],
      );
      assert.equal(rows, [{ entity: 'products', key: id, origin: 'manual', name: 'Too late' }]);
    },
    { timeoutMs: 20_000, intervalMs: 50, what: 'the conflict is recorded' },
  );
  assert.is((await productOf(context, id))?.name, 'By database');
});

test('an event changes the columns it has and no others', async (context) => {
  const id = ids.next();
  await publish(context, productUpdate(id));
  await publish(context, productUpdate(id, { price: '13.00', name: 'Second' }));
  await eventuallyProduct(context, id, (row) =>
    assert.equal([row?.name, row?.price], ['Second', '13.00']),
  );
});

const pricesOf = async ({ consumers }: Pipeline, id: string) => {
  const { rows } = await consumers.query(
    `select old_amount, old_currency, new_amount, new_currency, cause from pricing.price_changes
     where product_id = $1 order by nr`,
    [id],
  );
  return rows.map((row) => {
    const amount = (value: string | null, currency: string) =>
      value === null ? '–' : `${value} ${currency}`;
    return `${amount(row.old_amount, row.old_currency)} → ${amount(row.new_amount, row.new_currency)}`;
  });
};

const stockOf = async ({ consumers }: Pipeline, id: string) => {
  const { rows } = await consumers.query(
    `select kind, delta::int, origin from inventory.stock_movements where product_id = $1 order by nr`,
    [id],
  );
  return rows.map(({ kind, delta, origin }) => `${kind} ${delta} ${origin}`);
};

async function eventuallyLedgers(
  pipeline: Pipeline,
  id: string,
  expected: { readonly prices: readonly string[]; readonly stock: readonly string[] },
): Promise<void> {
  await eventually(
    async () => {
      const [prices, stock] = await Promise.all([pricesOf(pipeline, id), stockOf(pipeline, id)]);
      assert.equal({ prices, stock }, expected);
    },
    { timeoutMs: 20_000, intervalMs: 50, what: `price changes and stock of ${id}` },
  );
}

test('pricing and inventory take events too: prices are in euros until the database says otherwise, then it owns them', async (context) => {
  const id = ids.next();
  await publish(context, productUpdate(id, { price: '12.55', stock_quantity: 12 }));
  await eventuallyLedgers(context, id, { prices: ['– → 12.55 EUR'], stock: ['opening 12 manual'] });
  await publishDiscount(context, id);
  await publish(context, productUpdate(id, { price: '12.55', stock_quantity: 3 }));
  // 12.55 less a tenth is 11.295: rounded to the minor unit of the currency that products have by default.
  const prices = ['– → 12.55 EUR', '12.55 EUR → 11.30 EUR'];
  const stock = ['opening 12 manual', 'change -9 manual'];
  await eventuallyLedgers(context, id, { prices, stock });
  await eventuallyProduct(context, id, (row) => assert.is(row?.effective_price, '11.30'));

  await context.products.query(
    `insert into products (product_id, name, price, currency, stock_quantity) values ($1, 'By database', 1980, 'JPY', 7)`,
    [id],
  );
  prices.push('11.30 EUR → 1782 JPY');
  stock.push('change 4 cdc');
  await eventuallyLedgers(context, id, { prices, stock });

  const refused = await publish(context, productUpdate(id, { price: '1.00', stock_quantity: 99 }));
  await eventually(
    async () => {
      const { rows } = await context.consumers.query(
        'select consumer from runtime.conflicts where change_id = $1 order by 1',
        [refused],
      );
      assert.equal(
        rows.map(({ consumer }) => consumer),
        ['catalogue', 'inventory', 'pricing'],
      );
    },
    { timeoutMs: 20_000, intervalMs: 50, what: 'all three record the conflict' },
  );
  await eventuallyLedgers(context, id, { prices, stock });
});

test('an event that was sent again, under its id, after another one has no second effect', async (context) => {
  const id = ids.next();
  const sentTwice = randomUUID();
  await publish(context, productUpdate(id, { name: 'First' }), { id: sentTwice });
  await publish(context, productUpdate(id, { name: 'Second' }));
  await publish(context, productUpdate(id, { name: 'First' }), { id: sentTwice });
  const last = await publish(context, productUpdate(id, { name: 'Second', stock_quantity: 8 }));
  await eventuallyProduct(context, id, (row) => assert.is(Number(row?.stock_quantity), 8));
  assert.is((await productOf(context, id))?.name, 'Second');
  await eventually(
    async () => {
      const { rows } = await context.consumers.query<{ cause: string }>(
        'select change_id as cause from inventory.stock_movements where product_id = $1 order by nr',
        [id],
      );
      assert.equal(
        rows.map(({ cause }) => cause).filter((cause) => [sentTwice, last].includes(cause)),
        [sentTwice, last],
      );
    },
    { timeoutMs: 20_000, intervalMs: 100, what: 'one movement of stock for each event' },
  );
});

test.run();
