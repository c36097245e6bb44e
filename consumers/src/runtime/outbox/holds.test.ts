import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createHolds } from './holds.ts';

test('a topic that goes on refusing is tried after 1, 2, 4 … 30 seconds', () => {
  let nowMs = 0;
  const holds = createHolds([], () => nowMs);
  const waits: number[] = [];
  for (let nr = 0; nr < 7; nr += 1) {
    holds.hold('t', 'gone');
    const from = nowMs;
    while (holds.due().length === 0) nowMs += 500;
    waits.push((nowMs - from) / 1_000);
  }
  assert.equal(waits, [1, 2, 4, 8, 16, 30, 30]);
});

test('several refusals at a time count as one, and only the first of a topic is news', () => {
  let nowMs = 0;
  const holds = createHolds([], () => nowMs);
  assert.is(holds.hold('t', 'gone'), true);
  assert.is(holds.hold('t', 'gone'), false);
  nowMs = 1_000;
  assert.equal(holds.due(), ['t']);
  assert.is(holds.hold('t', 'gone'), false);
  assert.is(holds.reasonOf('t'), 'gone');
});

test('a released topic starts afresh; what an earlier relay held is tried at once', () => {
  const holds = createHolds(['old'], () => 0);
  assert.equal(holds.due(), ['old']);
  assert.is(holds.has('old'), true);
  holds.release('old');
  assert.is(holds.has('old'), false);
  assert.is(holds.count(), 0);
});

test.run();
