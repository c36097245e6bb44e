import { type Change, type Op, type Row, UNCHANGED } from '@shelfcast/schemas/change';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changesOf } from '../testing/changes.ts';
import { decide } from './decide.ts';

const anyChange = changesOf('public.products').update('P1', {});

function change(op: Op, before: Row | null, after: Row | null, more: Partial<Change> = {}): Change {
  return { ...anyChange, id: 'change-1', occurredAtUs: 7n, op, before, after, ...more };
}

const quantityOf = (effect: ReturnType<typeof decide>) =>
  effect?.kind === 'level' ? effect.quantity : undefined;

test('a change of stock means a level, with the category that the thresholds need', () => {
  const row = { stock_quantity: 4, category: 'Desks' };
  assert.equal(decide(change('update', { stock_quantity: 9 }, row)), {
    kind: 'level',
    productId: 'P1',
    quantity: 4n,
    category: 'Desks',
    snapshot: false,
    cause: { changeId: 'change-1', origin: 'cdc', instance: 'test', occurredAtUs: 7n },
  });
});

test('what does not touch the stock means nothing', () => {
  const same = { stock_quantity: 4, price: '1.00' };
  assert.is(decide(change('update', same, { ...same, price: '2.00' })), null);
  assert.is(decide(change('update', null, { price: '2.00' })), null);
  assert.is(decide(change('update', null, { stock_quantity: UNCHANGED })), null);
  assert.is(decide(change('update', null, { stock_quantity: 1 }, { entity: 'countries' })), null);
});

test('another category is news for the thresholds; an event need not name it', () => {
  const before = { stock_quantity: 4, category: 'Desks' };
  const moved = decide(change('update', before, { ...before, category: 'Chairs' }));
  assert.is(moved?.kind === 'level' && moved.category, 'Chairs');
  const silent = decide(change('update', null, { stock_quantity: 4 }));
  assert.is(silent?.kind === 'level' && silent.category, undefined);
});

test('without a row before, and in a snapshot, the level is taken as it comes', () => {
  assert.is(quantityOf(decide(change('update', null, { stock_quantity: 4 }))), 4n);
  assert.is(quantityOf(decide(change('create', null, { stock_quantity: 4 }))), 4n);
  const read = decide(change('read', null, { stock_quantity: 4 }));
  assert.is(read?.kind === 'level' && read.snapshot, true);
});

test('a stock that was cleared is a change to an unknown level', () => {
  assert.is(
    quantityOf(decide(change('update', { stock_quantity: 4 }, { stock_quantity: null }))),
    null,
  );
});

test('a deleted product is gone', () => {
  assert.is(decide(change('delete', { stock_quantity: 4 }, null))?.kind, 'gone');
});

test('the column may have become bigint or numeric; a broken number is refused', () => {
  const after = (stock_quantity: Row[string]) => decide(change('create', null, { stock_quantity }));
  assert.is(quantityOf(after(9_007_199_254_740_993n)), 9_007_199_254_740_993n);
  assert.is(quantityOf(after('12.00')), 12n);
  assert.throws(() => after('1.5'), /not a whole number/);
  assert.throws(() => after(1.5), /not a whole number/);
});

test.run();
