import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changedColumns, type Row, sameValue, UNCHANGED } from './change.ts';

const columns = (before: Row | null, after: Row | null) =>
  changedColumns({ before, after }).map(({ column }) => column);

test('an update has the columns that differ, with both values', () => {
  const changes = changedColumns({
    before: { product_id: 'p', price: '19.90', stock: 3 },
    after: { product_id: 'p', price: '17.90', stock: 3 },
  });
  assert.equal(changes, [{ column: 'price', before: '19.90', after: '17.90' }]);
});

test('a create has every column, a delete too, a truncate none', () => {
  assert.equal(columns(null, { a: 1, b: null }), ['a', 'b']);
  assert.equal(columns({ a: 1, b: null }, null), ['a', 'b']);
  assert.equal(columns(null, null), []);
});

test('an unchanged TOAST column is no change, a column added or dropped in between is one', () => {
  assert.equal(columns({ a: 'long', b: 1 }, { a: UNCHANGED, c: null }), ['c', 'b']);
});

test('values are the same by content and by type', () => {
  assert.ok(sameValue(Number.NaN, Number.NaN));
  assert.ok(sameValue(new Uint8Array([1, 2]), Buffer.from([1, 2])));
  assert.ok(sameValue([1n, ['a']], [1n, ['a']]));
  assert.ok(sameValue({ x: 1, y: [2] }, { y: [2], x: 1 }));
  assert.not(sameValue(1, 1n));
  assert.not(sameValue('1.0', '1.00'));
  assert.not(sameValue(null, undefined));
  assert.not(sameValue([1], new Uint8Array([1])));
  assert.not(sameValue([], {}));
  assert.not(sameValue({ x: null }, { y: null }));
});

test.run();
