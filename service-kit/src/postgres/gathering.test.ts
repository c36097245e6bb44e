import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createGathering } from './gathering.ts';

const test = suite('gathering');

/** Waits after each of `seconds` at a steady rate. */
function waits(perSecond: number, seconds: number): number[] {
  let nowMs = 0;
  const gathering = createGathering(50, () => nowMs);
  return Array.from({ length: perSecond * seconds }, () => {
    nowMs += 1_000 / perSecond;
    return gathering.after(1);
  });
}

test('a trickle waits for nothing, a stream does', () => {
  assert.equal([...new Set(waits(20, 10))], [0]);
  assert.is(waits(200, 3).at(-1), 50);
});

test('many at once wait, and what comes after a rest does not', () => {
  let nowMs = 0;
  const gathering = createGathering(50, () => nowMs);
  assert.is(gathering.after(500), 50);
  nowMs += 10;
  assert.is(gathering.after(1), 50);
  nowMs += 5_000;
  assert.is(gathering.after(1), 0);
});

test.run();
