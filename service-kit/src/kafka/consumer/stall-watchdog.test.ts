import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createStallWatchdog } from './stall-watchdog.ts';

const test = suite('stall watchdog');

const seen = (progress: number, behind = true, name = 't/0') => ({ name, behind, progress });

test('lag without progress for the whole time is a stall', () => {
  const watchdog = createStallWatchdog(30_000);
  assert.equal(watchdog.observe(0, [seen(1)]), []);
  assert.equal(watchdog.observe(10_000, [seen(1)]), []);
  assert.equal(watchdog.observe(20_000, [seen(1)]), []);
  assert.equal(watchdog.observe(29_999, [seen(1)]), []);
  assert.equal(watchdog.observe(30_000, [seen(1)]), ['t/0']);
});

test('progress, or nothing to do, resets the time', () => {
  const watchdog = createStallWatchdog(30_000);
  watchdog.observe(0, [seen(1)]);
  watchdog.observe(10_000, [seen(1)]);
  watchdog.observe(20_000, [seen(2)]);
  watchdog.observe(30_000, [seen(2)]);
  assert.equal(watchdog.observe(40_000, [seen(2)]), []);
  watchdog.observe(45_000, [seen(2, false)]);
  for (const atMs of [60_000, 70_000, 80_000]) {
    assert.equal(watchdog.observe(atMs, [seen(2)]), []);
  }
  assert.equal(watchdog.observe(90_000, [seen(2)]), ['t/0']);
});

test('partitions stall one by one', () => {
  const watchdog = createStallWatchdog(12);
  watchdog.observe(0, [seen(1), seen(1, true, 't/1')]);
  watchdog.observe(4, [seen(1), seen(1, true, 't/1')]);
  watchdog.observe(8, [seen(2), seen(1, true, 't/1')]);
  assert.equal(watchdog.observe(12, [seen(2), seen(1, true, 't/1')]), ['t/1']);
});

test('time without observation, or without the partition, does not count', () => {
  const watchdog = createStallWatchdog(10);
  watchdog.observe(0, [seen(1)]);
  watchdog.reset();
  assert.equal(watchdog.observe(100, [seen(1)]), []);
  watchdog.observe(105, []);
  assert.equal(watchdog.observe(200, [seen(1)]), []);
});

test('a process that did not run meanwhile is not stuck for that', () => {
  const watchdog = createStallWatchdog(30_000);
  watchdog.observe(0, [seen(1)]);
  assert.equal(watchdog.observe(3_600_000, [seen(1)]), [], 'it slept for an hour');
  assert.equal(watchdog.observe(3_610_000, [seen(1)]), []);
  assert.equal(watchdog.observe(3_620_000, [seen(1)]), ['t/0'], 'it has run since, and is stuck');
});

test.run();
