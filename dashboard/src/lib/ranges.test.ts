import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RANGES, rangeSeconds, readRange, stepSeconds } from './ranges.ts';

const test = suite('ranges');

test('every range has a step that the monitor takes and a chart can show', () => {
  for (const range of RANGES) {
    const step = stepSeconds(range);
    assert.is(step % 10, 0);
    const points = rangeSeconds(range) / step;
    assert.ok(points >= 30 && points <= 100, `${range}: ${points}`);
  }
});

test('what is no range is the default', () => {
  assert.is(readRange('1h'), '1h');
  assert.is(readRange('1 hour'), '15m');
});

test.run();
