import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';
import { silentLogger } from './process/logging.ts';
import { repeat } from './repeat.ts';

const failure = 'the work failed: later';

test('the first time is at once, or as late as is asked for', async () => {
  let [atOnce, later] = [0, 0];
  const every = { failure, everyMs: 60_000, log: silentLogger() };
  const all = [
    repeat({ ...every, work: async () => (atOnce += 1) }),
    repeat({ ...every, firstAfterMs: 60_000, work: async () => (later += 1) }),
  ];
  await eventually(() => atOnce === 1, { what: 'the first time' });
  await Promise.all(all.map((one) => one.stop()));
  assert.equal([atOnce, later], [1, 0]);
});

test('it goes on after a failure, and never twice at a time', async () => {
  let [times, under, most] = [0, 0, 0];
  const repeating = repeat({
    failure,
    everyMs: 1,
    log: silentLogger(),
    async work() {
      under += 1;
      most = Math.max(most, under);
      await delay(3);
      under -= 1;
      times += 1;
      if (times % 2 === 1) throw new Error('every other time');
    },
  });
  await eventually(() => times >= 4, { what: 'four times', intervalMs: 1 });
  await repeating.stop();
  const ended = times;
  await delay(10);
  assert.equal([most, times], [1, ended]);
});

test.run();
