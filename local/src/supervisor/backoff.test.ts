import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deathsInARow, RESTART_POLICY, restartDelayMs } from './backoff.ts';

const test = suite('restart backoff');

test('the pause doubles with every death in a row, up to its limit', () => {
  const delays = [1, 2, 3, 4, 30].map((deaths) => restartDelayMs(deaths, RESTART_POLICY));
  assert.equal(delays, [250, 500, 1_000, 2_000, RESTART_POLICY.maxDelayMs]);
});

test('who ran long enough starts from the shortest pause again', () => {
  assert.is(deathsInARow(5, 1_000, RESTART_POLICY), 6);
  assert.is(deathsInARow(5, RESTART_POLICY.stableAfterMs, RESTART_POLICY), 1);
});

test.run();
