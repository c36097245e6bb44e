import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { foldedLength } from './fold.ts';

const test = suite('fold');

test('what is short is whole, what is long or has many lines is not', () => {
  assert.is(foldedLength('x'.repeat(400)), 400);
  assert.is(foldedLength('x'.repeat(42_000)), 280);
  assert.is(foldedLength('a\n'.repeat(11)), 22);
  assert.is(foldedLength('a\n'.repeat(500)), 15);
});

test('an emoji is not cut in two', () => {
  assert.is(foldedLength(`${'x'.repeat(279)}${'😀'.repeat(100)}`), 279);
});

test.run();
