import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatCursor, parseCursor } from './positions.ts';

const test = suite('cursors');

test('a cursor gives the positions it was made of', () => {
  const positions = new Map([
    [0, 0n],
    [1, 9_223_372_036_854_775_807n],
    [2, 35n],
  ]);
  assert.equal(parseCursor(formatCursor(positions)), positions);
  assert.equal(parseCursor(formatCursor(new Map())), new Map());
});

test('what is no cursor is none', () => {
  for (const text of ['', 'x', '2.0', '1.-1', '1.0.', '1. 5', `1.${'0'.repeat(14)}`]) {
    assert.is(parseCursor(text), undefined, text);
  }
  assert.is(parseCursor(`1${'.0'.repeat(20_000)}`), undefined, 'too long');
});

test.run();
