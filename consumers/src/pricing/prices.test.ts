import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Cause, PriceEffect } from './decide.ts';
import { applyToPrices, type ProductState } from './prices.ts';

const HOUR = 3_600_000;
const NOON = Date.parse('2026-06-15T12:00:00Z');
let nextId = 1;

const cause = (fields: Partial<Cause> = {}): Cause => ({
  kind: 'change',
  id: `c-${nextId++}`,
  occurredAtMs: NOON,
  snapshot: false,
  epoch: 1n,
  ...fields,
});

function put(
  key: string,
  price: string | null,
  fields: Partial<PriceEffect & { kind: 'putProduct' }> = {},
): PriceEffect {
  return {
    kind: 'putProduct',
    key,
    cause: cause(),
    nothingNew: false,
    columns: { price, currency: 'EUR' },
    before: null,
    ...fields,
  };
}

function putDiscount(
  key: string,
  columns: (PriceEffect & { kind: 'putDiscount' })['columns'],
  because = cause(),
): PriceEffect {
  return {
    kind: 'putDiscount',
    key,
    cause: because,
    nothingNew: false,
    columns,
    productIdBefore: null,
  };
}

function run(
  effects: readonly PriceEffect[],
  nowMs = NOON,
  known: ReadonlyMap<string, ProductState> = new Map(),
) {
  const { products, changes } = applyToPrices(known, effects, nowMs);
  const steps = changes.map(
    ({ productId, old, new: now, suppressed }) =>
      `${productId} ${old?.amount ?? '–'} → ${now?.amount ?? '–'}${suppressed ? ' suppressed' : ''}`,
  );
  return { products, changes, steps };
}

test('every step of a batch is a change of its own; what stays the same is none', () => {
  const { steps } = run([put('P', '1.00'), put('P', '2.00'), put('P', '2.0'), put('P', '3.00')]);
  assert.equal(steps, ['P – → 1.00', 'P 1.00 → 2.00', 'P 2.00 → 3.00']);
});

test('another currency is another price', () => {
  const { changes } = run([put('P', '1.00'), put('P', '1.00', { columns: { currency: 'USD' } })]);
  assert.equal(changes.at(-1)?.old, { amount: '1.00', currency: 'EUR' });
  assert.equal(changes.at(-1)?.new, { amount: '1.00', currency: 'USD' });
});

test('columns that are not told stay as they are', () => {
  const { products, steps } = run([
    put('P', '1.00', { columns: { price: '1.00', currency: 'EUR', brand: 'B' } }),
    put('P', null, { columns: { category: 'C' } }),
    put('P', null, { columns: {} }),
  ]);
  assert.equal(steps, ['P – → 1.00']);
  const { category, brand, price } = products.get('P')?.product ?? {};
  assert.equal({ category, brand, price }, { category: 'C', brand: 'B', price: '1.00' });
});

test('a discount can come before its product', () => {
  const { steps } = run([
    putDiscount('D', { product_id: 'P', discount_percentage: '25' }),
    put('P', '10.00'),
  ]);
  assert.equal(steps, ['P – → 7.50']);
});

test('a product met in an update is compared with what it was before', () => {
  const before = { price: '9.00', currency: 'EUR' };
  assert.equal(run([put('P', '9.00', { before })]).steps, []);
  assert.equal(run([put('P', '8.00', { before })]).steps, ['P 9.00 → 8.00']);
});

test('a snapshot that meets something for the first time is no news, unless its generation is a later one', () => {
  const read = (epoch: bigint) => cause({ snapshot: true, epoch });
  const first = run([
    put('P', '10.00', { cause: read(1n) }),
    putDiscount('D', { product_id: 'P', discount_percentage: '10' }, read(1n)),
  ]);
  assert.equal(first.steps, ['P 10.00 → 9.00 suppressed']);
  const later = run(
    [
      putDiscount('D', { product_id: 'P', discount_percentage: '20' }, read(2n)),
      putDiscount('E', { product_id: 'P', discount_percentage: '30' }, read(2n)),
    ],
    NOON,
    first.products,
  );
  assert.equal(later.steps, ['P 9.00 → 8.00', 'P 8.00 → 7.00']);
});

test('the clock comes before what happened later, with an id that every process would give', () => {
  const sale = {
    product_id: 'P',
    discount_percentage: '50',
    start_date: new Date(NOON + HOUR).toISOString(),
    end_date: new Date(NOON + 2 * HOUR).toISOString(),
  };
  const planned = run([put('P', '10.00'), putDiscount('D', sale)]);
  assert.is(planned.products.get('P')?.product?.untilMs, NOON + HOUR);
  const slept = run(
    [put('P', '12.00', { cause: cause({ occurredAtMs: NOON + 3 * HOUR }) })],
    NOON + 4 * HOUR,
    planned.products,
  );
  assert.equal(slept.steps, ['P 10.00 → 5.00', 'P 5.00 → 10.00', 'P 10.00 → 12.00']);
  assert.is(slept.changes[0]?.cause.id, '2026-06-15T13:00:00.000Z');
});

test('a process whose clock is behind does not undo what another has done', () => {
  const sale = {
    product_id: 'P',
    discount_percentage: '50',
    start_date: new Date(NOON + HOUR).toISOString(),
  };
  const begun = run([put('P', '10.00'), putDiscount('D', sale)], NOON + HOUR);
  const behind = run([put('P', '12.00')], NOON + HOUR - 2_000, begun.products);
  assert.equal(behind.steps, ['P 5.00 → 6.00']);
});

test('a state that no effect changes is the very same', () => {
  const known = run([put('P', '1.00')]).products;
  assert.is(run([put('P', '1.00')], NOON + 1, known).products.get('P'), known.get('P'));
});

test.run();
