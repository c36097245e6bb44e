import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPace } from './pace.ts';

const test = suite('pace');

test('it follows a steady stream, and forgets a burst within seconds', () => {
  let nowMs = 0;
  const pace = createPace(() => nowMs);
  for (let step = 0; step < 100; step += 1) {
    nowMs += 50;
    pace.add(10);
  }
  assert.ok(Math.abs(pace.perSecond() - 200) < 10, `${pace.perSecond()}`);
  nowMs += 100;
  pace.add(5_000);
  nowMs += 5_000;
  assert.ok(pace.perSecond() < 50, `${pace.perSecond()}`);
});

test.run();
