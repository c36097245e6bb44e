import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nextState, type StockState } from './hysteresis.ts';

const THRESHOLDS = { low: 5n, back: 10n };

/** Alerts of a product whose stock takes these levels, beginning with plenty. */
function alertsOf(levels: readonly (number | null)[], thresholds = THRESHOLDS): string[] {
  let state: StockState = 'ok';
  return levels.map((level) => {
    const step = nextState(state, level === null ? null : BigInt(level), thresholds);
    state = step.state;
    return step.alert === null ? '' : `${step.alert.kind} ${step.alert.threshold}`;
  });
}

test('the table of transitions', () => {
  const states = ['ok', 'low', 'out'] as const;
  const levels = [-1n, 0n, 1n, 5n, 6n, 9n, 10n, 11n];
  const table = Object.fromEntries(
    states.map((state) => [
      state,
      levels.map((level) => {
        const step = nextState(state, level, THRESHOLDS);
        return step.alert === null ? step.state : `${step.state}!${step.alert.kind}`;
      }),
    ]),
  );
  assert.equal(table, {
    ok: ['out!out', 'out!out', 'low!low', 'low!low', 'ok', 'ok', 'ok', 'ok'],
    low: ['out!out', 'out!out', 'low', 'low', 'low', 'low', 'ok!back', 'ok!back'],
    out: ['out', 'out', 'out', 'out', 'low', 'low', 'ok!back', 'ok!back'],
  });
});

test('each crossing is alerted of once, with its threshold', () => {
  assert.equal(alertsOf([20, 5, 0, 10]), ['', 'low 5', 'out 0', 'back 10']);
});

test('a level that swings around a threshold does not flap', () => {
  assert.equal(alertsOf([6, 5, 6, 5, 9, 5]), ['', 'low 5', '', '', '', '']);
  assert.equal(alertsOf([1, 0, 1, 0, 5, 0]), ['low 5', 'out 0', '', '', '', '']);
  assert.equal(alertsOf([5, 10, 9, 10, 6]), ['low 5', 'back 10', '', '', '']);
});

test('selling out again after a delivery that was too small is news', () => {
  assert.equal(alertsOf([0, 7, 0]), ['out 0', '', 'out 0']);
});

test('an unknown level says nothing and forgets nothing', () => {
  assert.equal(alertsOf([3, null, 4, null, 12]), ['low 5', '', '', '', 'back 10']);
});

test('a low threshold of 0 leaves only out and back', () => {
  assert.equal(alertsOf([1, 0, 1, 2], { low: 0n, back: 2n }), ['', 'out 0', '', 'back 2']);
});

test.run();
