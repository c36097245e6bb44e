import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { afterFailure, breakerDelayMs, DEFAULT_POLICY } from './policy.ts';

const failed = { attempts: 1, ageMs: 0, retryAfterMs: null, random: 0 };
const delays = (random: number) =>
  [1, 2, 3, 12, 13, 1_000].map((attempts) => {
    const next = afterFailure({ ...failed, attempts, random }, DEFAULT_POLICY);
    return next.state === 'waiting' ? next.delayMs : next.state;
  });

test('delays double up to an hour, less up to a half at random', () => {
  assert.equal(delays(0), [1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
  assert.equal(
    delays(0.999_999).map((delay) => Math.round(Number(delay) / 1_000)),
    [1, 1, 2, 1_024, 1_800, 1_800],
  );
});

test('Retry-After is heeded, within bounds', () => {
  const after = (retryAfterMs: number) => afterFailure({ ...failed, retryAfterMs }, DEFAULT_POLICY);
  assert.equal(after(60_000), { state: 'waiting', delayMs: 60_000 });
  assert.equal(after(10), { state: 'waiting', delayMs: 1_000 });
  assert.equal(after(1e12), { state: 'waiting', delayMs: 3_600_000 });
});

test('beyond the horizon a delivery is given up', () => {
  const { horizonMs } = DEFAULT_POLICY;
  assert.is(afterFailure({ ...failed, ageMs: horizonMs - 1 }, DEFAULT_POLICY).state, 'waiting');
  assert.is(afterFailure({ ...failed, ageMs: horizonMs }, DEFAULT_POLICY).state, 'failed');
});

test('a breaker that opens again stays open longer', () => {
  const opened = (times: number) => breakerDelayMs(times, 0, DEFAULT_POLICY);
  assert.equal([1, 2, 3, 100].map(opened), [5_000, 10_000, 20_000, 300_000]);
});

test.run();
