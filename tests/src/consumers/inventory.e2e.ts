import { randomUUID } from 'node:crypto';
import { inventory } from '@shelfcast/consumers/internals/inventory/consumer';
import { changesOf } from '@shelfcast/consumers/testing/changes';
import type { Codec } from '@shelfcast/schemas/codec';
import { STOCK_ALERT } from '@shelfcast/schemas/contracts';
import type { StockAlert } from '@shelfcast/schemas/generated/stock_alert';
import { parseInstant } from '@shelfcast/schemas/temporal';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaAdmin, KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openConsumerHarness } from '../support/consumer-harness.ts';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { recordsOf, sendAgain } from '../support/redeliver.ts';
import { readTopics } from '../support/topic-reader.ts';

interface Context extends Pipeline {
  kafka: Kafka;
  admin: KafkaAdmin;
  codec: Codec;
}

const test = suite<Context>('inventory');

test.before((context) => {
  Object.assign(context, connectPipeline());
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.admin = context.kafka.createAdmin();
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
});
test.after(async (context) => {
  context.codec.close();
  await context.admin.close();
  await context.close();
});

test('the ledger adds up to the level, and each crossing is alerted of once', async (context) => {
  const id = newId();
  await create(context, id, 20);
  for (const stock of [12, 5, 4, 6, 0, 3, 0, 8, 10, 11]) await setStock(context, id, stock);

  await eventuallyLevel(context, id, 11);

  const ledger = await ledgerOf(context, id);
  assert.equal(
    ledger.map(({ kind, delta, stock_quantity }) => `${kind} ${delta} ${stock_quantity}`),
    [
      'opening 20 20',
      'change -8 12',
      'change -7 5',
      'change -1 4',
      'change 2 6',
      'change -6 0',
      'change 3 3',
      'change -3 0',
      'change 8 8',
      'change 2 10',
      'change 1 11',
    ],
  );
  const alerts = await alertsOf(context, id, 3);
  assert.equal(alerts.map(inShort), ['low 5 (5)', 'out 0 (0)', 'back 10 (10)']);
  for (const { alert, record } of alerts) {
    const cause = ledger.find(({ change_id }) => change_id === alert.cause_change_id);
    assert.is(cause?.stock_quantity, alert.stock_quantity, 'the cause is in the ledger');
    assert.is(parseInstant(cause?.occurred_at ?? ''), alert.occurred_at);
    assert.is(record.key?.toString(), id);
    assert.is(header(record, 'ce_id'), alert.id);
    assert.is(header(record, 'ce_type'), `shelfcast.stock_alert.${alert.kind}`);
    assert.is(header(record, 'ce_source'), '/shelfcast/local/inventory');
    assert.is(header(record, 'ce_subject'), id);
    assert.is(parseInstant(header(record, 'ce_time')), alert.occurred_at);
  }
});

test('several changes in one transaction are as many movements; what leaves the stock alone is none', async (context) => {
  const id = newId();
  await context.products.query(
    `insert into products (product_id, name, price, stock_quantity) values ('${id}', 'Ledger', 1, 30);
     update products set stock_quantity = 20 where product_id = '${id}';
     update products set name = 'Other', price = 2 where product_id = '${id}';
     update products set stock_quantity = 25 where product_id = '${id}'`,
  );

  await eventuallyLevel(context, id, 25);

  assert.equal(
    (await ledgerOf(context, id)).map(({ delta }) => delta),
    [30n, -10n, 5n],
  );
});

test('what comes again makes no movement and no alert', async (context) => {
  const id = newId();
  await create(context, id, 20);
  for (const stock of [3, 12]) await setStock(context, id, stock);
  await eventuallyLevel(context, id, 12);
  const before = await ledgerOf(context, id);
  await alertsOf(context, id, 2);

  for (const record of await recordsOf(context.kafka, id)) {
    await sendAgain(context, record, 'inventory');
  }

  assert.equal(await ledgerOf(context, id), before);
  await setStock(context, id, 0); // its alert comes behind any that the repetition caused
  assert.equal((await alertsOf(context, id, 3)).map(inShort), [
    'low 3 (5)',
    'back 12 (10)',
    'out 0 (0)',
  ]);
});

test('a product that is deleted and created again is closed and opened again', async (context) => {
  const id = newId();
  await create(context, id, 7);
  await context.products.query('delete from products where product_id = $1', [id]);
  await create(context, id, 9);

  await eventuallyLevel(context, id, 9);

  assert.equal(
    (await ledgerOf(context, id)).map(({ kind, delta }) => `${kind} ${delta}`),
    ['opening 7', 'closing -7', 'opening 9'],
  );
});

test('a product that gets another id is closed under the old one', async (context) => {
  const [id, other] = [newId(), newId()];
  await create(context, id, 7);
  await context.products.query('update products set product_id = $2 where product_id = $1', [
    id,
    other,
  ]);

  await eventuallyLevel(context, other, 7);
  await eventuallyLevel(context, id, undefined);

  assert.equal(
    (await ledgerOf(context, id)).map(({ delta }) => delta),
    [7n, -7n],
  );
  assert.equal(
    (await ledgerOf(context, other)).map(({ delta }) => delta),
    [7n],
  );
});

test('thresholds of a product go before those of its category, and these before the default', async (context) => {
  const [own, ofCategory] = [newId(), newId()];
  const category = `Category ${own}`;
  await context.consumers.query(
    `insert into inventory.thresholds (scope, name, low, back)
     values ('product', $1, 50, 60), ('category', $2, 20, 30)`,
    [own, category],
  );
  for (const id of [own, ofCategory]) {
    await create(context, id, 100, category);
    for (const stock of [45, 25, 15, 40]) await setStock(context, id, stock);
  }

  assert.equal((await alertsOf(context, own, 1)).map(inShort), ['low 45 (50)']);
  assert.equal((await alertsOf(context, ofCategory, 2)).map(inShort), [
    'low 15 (20)',
    'back 40 (30)',
  ]);
});

test('the ledger cannot be edited', async ({ consumers }) => {
  for (const edit of [
    'update inventory.stock_movements set delta = 0',
    'delete from inventory.stock_movements',
  ]) {
    const refusal = await consumers.query(edit).catch((error: unknown) => error);
    assert.match(String(refusal), /is a ledger/);
  }
});

test('a snapshot read of an unknown product is silent; a truncate closes what came before it', async () => {
  const harness = await openConsumerHarness(inventory);
  const { pool, deliver } = harness;
  const rows = changesOf('public.products');
  const set = (id: string, version: number, stock: number) =>
    rows.update(id, { product_id: id, stock_quantity: stock }, { version });
  const read = (id: string, version: number, stock: number) =>
    rows.read(id, { product_id: id, stock_quantity: stock }, { version });
  const published = async () => (await harness.published(STOCK_ALERT)).map(({ kind }) => kind);
  try {
    await deliver([read('A', 1, 2), read('B', 1, 20)]);
    assert.equal(await published(), []);
    await deliver([set('A', 2, 15), set('C', 30, 3)]);
    assert.equal(await published(), ['back', 'low']);

    const truncated = rows.truncate({ version: 10 });
    assert.equal(await deliver([truncated]), ['processed']);
    assert.equal(await deliver([set('A', 9, 1), truncated]), ['skipped', 'processed']);

    const totals = await pool.query(
      `select product_id, sum(delta)::bigint as total, (select stock_quantity from inventory.stock s
         where s.product_id = m.product_id) as level
       from inventory.stock_movements m group by product_id order by product_id`,
    );
    assert.equal(totals.rows, [
      { product_id: 'A', total: 0n, level: null },
      { product_id: 'B', total: 0n, level: null },
      { product_id: 'C', total: 3n, level: 3n },
    ]);
    assert.equal(await published(), ['back', 'low'], 'what is gone is not out of stock');
  } finally {
    await harness.close();
  }
});

const newId = () => `S-${randomUUID().slice(0, 8)}`;

async function create({ products }: Context, id: string, stock: number, category = 'Ledgers') {
  await products.query(
    `insert into products (product_id, name, price, stock_quantity, category)
     values ($1, 'Ledger', 1, $2, $3)`,
    [id, stock, category],
  );
}

async function setStock({ products }: Context, id: string, stock: number): Promise<void> {
  await products.query('update products set stock_quantity = $2 where product_id = $1', [
    id,
    stock,
  ]);
}

/** Waits for a level; undefined for a product that is gone. The ledger adds up to it at any moment. */
async function eventuallyLevel({ consumers }: Context, id: string, level: number | undefined) {
  await eventually(
    async () => {
      const { rows } = await consumers.query<{ level: bigint | null; total: bigint | null }>(
        `select (select stock_quantity from inventory.stock where product_id = $1) as level,
           (select sum(delta)::bigint from inventory.stock_movements where product_id = $1) as total`,
        [id],
      );
      assert.is(rows[0]?.total ?? 0n, rows[0]?.level ?? 0n, 'the ledger adds up');
      assert.is(rows[0]?.level ?? undefined, level === undefined ? undefined : BigInt(level));
    },
    { timeoutMs: 30_000, intervalMs: 50, what: `stock of ${id}` },
  );
}

interface LedgerRow {
  readonly kind: string;
  readonly delta: bigint;
  readonly stock_quantity: bigint | null;
  readonly change_id: string | null;
  readonly occurred_at: string;
}

async function ledgerOf({ consumers }: Context, id: string): Promise<LedgerRow[]> {
  const { rows } = await consumers.query<LedgerRow>(
    `select kind, delta, stock_quantity, change_id,
       to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at
     from inventory.stock_movements where product_id = $1 order by nr`,
    [id],
  );
  return rows;
}

interface ReadAlert {
  readonly alert: StockAlert;
  readonly record: KafkaRecord;
}

/** The alerts of a product, once there are as many; the relay may repeat one, so each id counts once. */
async function alertsOf(
  { kafka, codec }: Context,
  id: string,
  count: number,
): Promise<ReadAlert[]> {
  return await eventually(
    async () => {
      const alerts = new Map<string, ReadAlert>();
      for (const record of await readTopics(kafka, [STOCK_ALERT.topic])) {
        if (record.key?.toString() !== id || record.value === null) continue;
        const { value: alert } = await codec.decode(record.value, STOCK_ALERT);
        if (!alerts.has(alert.id)) alerts.set(alert.id, { alert, record });
      }
      assert.is(alerts.size, count);
      return [...alerts.values()];
    },
    { timeoutMs: 30_000, intervalMs: 100, what: `${count} alerts of ${id}` },
  );
}

function inShort({ alert: { kind, stock_quantity, threshold } }: ReadAlert): string {
  return `${kind} ${stock_quantity} (${threshold})`;
}

function header({ headers }: KafkaRecord, name: string): string {
  return headers[name]?.[0]?.toString() ?? '';
}

test.run();
