import { type Change, type Row, UNCHANGED } from '@shelfcast/schemas/change';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changesOf } from '../testing/changes.ts';
import { decide } from './decide.ts';

function update(
  entity: string,
  before: Row | null,
  after: Row | null,
  op: Change['op'] = 'update',
) {
  const change = changesOf(`public.${entity}`).update('K', {}, { occurredAtMs: 1.5 });
  return decide({ ...change, op, before, after });
}

test('only what a price or a filter depends on is kept, and only what was told', () => {
  const effect = update('products', null, {
    product_id: 'K',
    price: '1.00',
    currency: UNCHANGED,
    brand: null,
    description: 'x',
  });
  assert.is(effect?.kind, 'putProduct');
  if (effect?.kind === 'putProduct') assert.equal(effect.columns, { price: '1.00', brand: null });
  assert.is(effect?.cause.occurredAtMs, 1.5);
});

test('an edit of other columns is known as one', () => {
  const row = { price: '1.00', currency: 'EUR', category: 'C', brand: 'B' };
  const edited = (after: Row) => update('products', { ...row, name: 'a' }, { ...row, ...after });
  assert.is(edited({ name: 'b' })?.nothingNew, true);
  assert.is(edited({ price: '2.00' })?.nothingNew, false);
  assert.is(edited({ brand: null })?.nothingNew, false);
  assert.is(update('products', null, row)?.nothingNew, false);
});

test('a discount tells its product before and after', () => {
  const effect = update(
    'product_discounts',
    { product_id: 'A', minimum_quantity: 1 },
    { product_id: 'B', minimum_quantity: 2n },
  );
  if (effect?.kind !== 'putDiscount') throw new Error(`not expected: ${effect?.kind}`);
  assert.is(effect.productIdBefore, 'A');
  assert.equal(effect.columns, { product_id: 'B', minimum_quantity: '2' });
});

test('deletes, and what has nothing to do with prices', () => {
  assert.is(update('products', {}, null, 'delete')?.kind, 'removeProduct');
  assert.is(update('product_discounts', {}, null, 'delete')?.kind, 'removeDiscount');
  assert.is(update('countries', null, {}), null);
  assert.is(update('products', null, null), null);
});

test.run();
