import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from './clock.ts';

test('the clock has fractions of a millisecond and never leaves the wall clock', () => {
  let wallMs = 1_000;
  let monotonicMs = 50;
  const clock = createClock(
    () => wallMs,
    () => monotonicMs,
  );
  monotonicMs += 0.25;
  assert.is(clock(), 1_000.25);

  // started late in a wall-clock millisecond: the first tick of the wall clock tells
  wallMs = 1_001;
  monotonicMs += 0.25;
  assert.is(clock(), 1_001);
  monotonicMs += 0.5;
  assert.is(clock(), 1_001.5);

  // the wall clock was set back
  wallMs = 400;
  assert.is(clock(), 401);
  monotonicMs += 0.1;
  wallMs = 401;
  assert.ok(Math.abs(clock() - 401.1) < 1e-6);
});

test('a monotonic clock that runs fast or slow is put right', () => {
  let wallMs = 0;
  let monotonicMs = 0;
  const clock = createClock(
    () => wallMs,
    () => monotonicMs,
  );
  for (let second = 0; second < 1_000; second += 1) {
    wallMs += 1_000;
    monotonicMs += 1_000.4;
    const now = clock();
    assert.ok(now >= wallMs && now <= wallMs + 1, `${now} is not within ${wallMs}`);
  }
});

test.run();
