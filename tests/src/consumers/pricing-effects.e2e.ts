import { pricing } from '@shelfcast/consumers/internals/pricing/consumer';
import { REPRICE_TASK } from '@shelfcast/consumers/internals/pricing/repricing';
import { runJobs } from '@shelfcast/consumers/internals/runtime/jobs';
import { eventually } from '@shelfcast/service-kit/eventually';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  discount,
  openPricingHarness,
  type PricingHarness,
  product,
  truncation,
} from '../support/pricing-harness.ts';

const nowMs = Date.parse('2026-06-15T12:00:00Z');
const test = suite<PricingHarness>('price changes');

test.before.each(async (context) => {
  Object.assign(context, await openPricingHarness());
});
test.after.each((context) => context.close());

async function ledger(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query(
    `select product_id, old_amount, old_currency, new_amount, new_currency, discount_id, cause, suppressed
     from pricing.price_changes order by nr`,
  );
  return rows.map((row) =>
    [
      `${row.product_id}: ${row.old_amount ?? '–'} → ${row.new_amount ?? '–'}`,
      ...(row.old_currency === 'EUR' || row.new_currency === 'EUR' ? [] : [row.new_currency]),
      ...(row.discount_id === null ? [] : [row.discount_id]),
      ...(row.cause === 'change' ? [] : [row.cause]),
      ...(row.suppressed ? ['suppressed'] : []),
    ].join(' '),
  );
}

const deliveries = async (pool: Pool) =>
  (await pool.query('select product_id from pricing.deliveries order by event_nr')).rows.length;

test('every change of the price is in the ledger, with what it was before; others are not', async (context) => {
  await context.deliver(
    [product('P-1', { price: '19.90' }, { op: 'create', occurredAtMs: nowMs })],
    { nowMs },
  );
  await context.deliver(
    [
      product('P-1', { price: '17.90' }),
      product('P-1', { price: '17.90', description: 'new words', stock_quantity: 3 }),
      product('P-1', { price: '18.50' }),
      product('P-2', { price: '5.00' }, { before: { price: '4.00', currency: 'EUR' } }),
      product('P-1', { price: '18.50' }, { op: 'delete' }),
    ],
    { nowMs },
  );
  assert.equal(await ledger(context.pool), [
    'P-1: – → 19.90',
    'P-1: 19.90 → 17.90',
    'P-1: 17.90 → 18.50',
    'P-2: 4.00 → 5.00',
    'P-1: 18.50 → –',
  ]);
});

test('a discount that comes, changes, moves and goes', async (context) => {
  await context.deliver([product('P-1', { price: '20.00' }, { op: 'create' })], { nowMs });
  await context.deliver([product('P-2', { price: '20.00' }, { op: 'create' })], { nowMs });
  await context.deliver([discount('D-1', 'P-1', { discount_percentage: '10' })], { nowMs });
  await context.deliver([discount('D-1', 'P-1', { discount_percentage: '20' })], { nowMs });
  await context.deliver([discount('D-1', 'P-2', { discount_percentage: '20' })], { nowMs });
  await context.deliver([discount('D-1', 'P-2', {}, { op: 'delete' })], { nowMs });
  assert.equal((await ledger(context.pool)).slice(2), [
    'P-1: 20.00 → 18.00 D-1',
    'P-1: 18.00 → 16.00 D-1',
    'P-1: 16.00 → 20.00',
    'P-2: 20.00 → 16.00 D-1',
    'P-2: 16.00 → 20.00',
  ]);
});

test('what a snapshot shows for the first time is not sent; what it shows to have changed is', async (context) => {
  await context.subscribe();
  const read = { op: 'read' as const };
  await context.deliver([product('P-1', { price: '20.00' }, read)], { nowMs });
  await context.deliver([discount('D-1', 'P-1', { discount_percentage: '10' }, read)], { nowMs });
  assert.equal(await ledger(context.pool), ['P-1: 20.00 → 18.00 D-1 suppressed']);
  assert.is(await deliveries(context.pool), 0);

  await context.deliver([product('P-1', { price: '30.00' }, { ...read, epoch: 2n })], { nowMs });
  await context.deliver(
    [discount('D-2', 'P-1', { discount_percentage: '50' }, { ...read, epoch: 2n })],
    { nowMs },
  );
  assert.equal((await ledger(context.pool)).slice(1), [
    'P-1: 18.00 → 27.00 D-1',
    'P-1: 27.00 → 15.00 D-2',
  ]);
  assert.is(await deliveries(context.pool), 2);
});

test('a rebuild keeps the ledger and sends nothing', async (context) => {
  await context.subscribe();
  const changes = [
    product('P-1', { price: '1.00' }, { op: 'create' }),
    product('P-1', { price: '2.00' }),
  ];
  await context.deliver(changes, { nowMs, suppressSideEffects: true });
  assert.equal(await ledger(context.pool), [
    'P-1: – → 1.00 suppressed',
    'P-1: 1.00 → 2.00 suppressed',
  ]);
  assert.is(await deliveries(context.pool), 0);
});

test('a truncate of the discounts gives list prices back; of the products, none', async (context) => {
  await context.deliver(
    [
      product('P-1', { price: '10.00' }, { op: 'create' }),
      discount('D-1', 'P-1', { discount_percentage: '10' }),
      discount('D-2', 'P-1', { discount_percentage: '20' }),
    ],
    { nowMs },
  );
  await context.deliver([truncation('product_discounts')], { nowMs });
  await context.deliver([truncation('products')], { nowMs });
  const entries = await ledger(context.pool);
  assert.is(entries.at(-1), 'P-1: 10.00 → – truncate');
  assert.ok(entries.slice(3, -1).some((entry) => entry.endsWith('→ 10.00 truncate')));
});

test('a redelivered batch adds nothing', async (context) => {
  const batch = [
    product('P-1', { price: '1.00' }, { op: 'create' }),
    product('P-1', { price: '2.00' }),
  ];
  await context.deliver(batch, { nowMs });
  await context.deliver(batch, { nowMs });
  assert.is((await ledger(context.pool)).length, 2);
});

test('a discount starts and ends by the clock', async (context) => {
  const { pool } = context;
  await context.subscribe();
  const startMs = Date.now() + 1_500;
  const iso = (ms: number) => new Date(ms).toISOString();
  await context.deliver([product('P-1', { price: '10.00' }, { op: 'create' })]);
  await context.deliver([
    discount('D-1', 'P-1', {
      discount_percentage: '50',
      start_date: iso(startMs),
      end_date: iso(startMs + 1_500),
    }),
  ]);
  const jobs = await runJobs({
    definitions: [pricing],
    pool,
    codec: context.codec,
    log: silentLogger(),
  });
  try {
    await eventually(async () => assert.is((await ledger(pool)).length, 3), {
      what: 'the discount has started and ended',
      timeoutMs: 15_000,
    });
  } finally {
    await jobs?.stop();
  }
  assert.equal(await ledger(pool), [
    'P-1: – → 10.00',
    'P-1: 10.00 → 5.00 D-1 clock',
    'P-1: 5.00 → 10.00 clock',
  ]);
  const { rows } = await pool.query(
    `select (extract(epoch from occurred_at) * 1000)::bigint as at from pricing.price_changes where cause = 'clock' order by nr`,
  );
  assert.equal(
    rows.map((row) => Number(row.at)),
    [startMs, startMs + 1_500],
  );
  assert.is(await deliveries(pool), 3);
  const left = await pool.query(`select 1 from graphile_worker.jobs where task_identifier = $1`, [
    REPRICE_TASK,
  ]);
  assert.is(left.rows.length, 0);
});

test('starts and ends that were slept through come one after the other, before what happened later', async (context) => {
  const hour = 3_600_000;
  const iso = (ms: number) => new Date(ms).toISOString();
  await context.deliver(
    [
      product('P-1', { price: '10.00' }, { op: 'create', occurredAtMs: nowMs }),
      discount(
        'D-1',
        'P-1',
        {
          discount_percentage: '50',
          start_date: iso(nowMs + hour),
          end_date: iso(nowMs + 2 * hour),
        },
        { occurredAtMs: nowMs },
      ),
    ],
    { nowMs },
  );
  await context.deliver([product('P-1', { price: '12.00' }, { occurredAtMs: nowMs + 5 * hour })], {
    nowMs: nowMs + 6 * hour,
  });
  assert.equal((await ledger(context.pool)).slice(1), [
    'P-1: 10.00 → 5.00 D-1 clock',
    'P-1: 5.00 → 10.00 clock',
    'P-1: 10.00 → 12.00',
  ]);
});

test.run();
