import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { burnRateOf, type SlotSample } from './burn-rate.ts';

const test = suite('spending of the WAL budget');
const BUDGET = 4_000_000_000;
const EVERY_S = 5;

/** One sample every 5 s, of what is kept `seconds` after the first. */
function samples(
  forSeconds: number,
  keptAt: (seconds: number) => number,
  active = true,
): SlotSample[] {
  return Array.from({ length: forSeconds / EVERY_S + 1 }, (_, nr) => {
    const retainedBytes = keptAt(nr * EVERY_S);
    return {
      ...{ atMs: nr * EVERY_S * 1_000, active, retainedBytes },
      safeBytes: BUDGET - retainedBytes,
    };
  });
}

/** Written at 50 kB/s, freed in steps 30 s apart. */
const read = (seconds: number): number => 10_000_000 + (seconds % 30) * 50_000;

test('a slot that is read as fast as it fills is not being spent, wherever in a step it is', () => {
  for (let seconds = 0; seconds <= 600; seconds += EVERY_S) {
    assert.is(burnRateOf(samples(seconds, read)), undefined, `after ${seconds} s`);
  }
  assert.is(burnRateOf([]), undefined);
});

test('a slot whose reader does not keep up says when it is full', () => {
  const found = burnRateOf(samples(600, (seconds) => read(seconds) + seconds * 40_000));
  assert.ok(found);
  assert.ok(
    found.bytesPerSecond > 30_000 && found.bytesPerSecond < 50_000,
    `${found.bytesPerSecond}`,
  );
  assert.ok(found.spentInMs > 20 * 3_600_000 && found.spentInMs < 40 * 3_600_000);
});

test('a transaction held open keeps everything, without steps', () => {
  assert.is(burnRateOf(samples(300, (seconds) => seconds * 1_000))?.bytesPerSecond, 1_000);
});

test('a burst that is being read is none', () => {
  const burst = (seconds: number): number =>
    read(seconds) + (seconds < 200 ? 0 : Math.max(0, 1e9 - (seconds - 200) * 2e6));
  for (const seconds of [200, 300, 400, 500, 600]) {
    assert.is(burnRateOf(samples(seconds, burst)), undefined, `after ${seconds} s`);
  }
});

test('for a slot without a reader it is known at once, from when its reader left', () => {
  const left = samples(20, (seconds) => 1_000_000 + seconds * 100, false);
  assert.is(burnRateOf(left)?.bytesPerSecond, 100);
  const before = samples(60, read).map((sample) => ({ ...sample, atMs: sample.atMs - 65_000 }));
  assert.is(burnRateOf([...before, ...left])?.bytesPerSecond, 100);
  assert.is(burnRateOf(samples(60, () => 5, false)), undefined, 'nothing is written');
});

test.run();
