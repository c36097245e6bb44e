import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectorState } from './connectors.ts';
import { createRestarts } from './restarts.ts';

const test = suite('restarts of failed connectors');
const policy = { firstDelayMs: 10, longestDelayMs: 50, limit: 4, healthyAfterMs: 1_000 };

function connector(state: 'RUNNING' | 'FAILED', needsResync = false): ConnectorState {
  const failure =
    state === 'FAILED' ? { cause: 'x', meaning: null, remedy: null, needsResync } : null;
  return {
    name: 'c',
    state: 'RUNNING',
    failure: null,
    tasks: [{ id: 0, state, worker: 'w', failure }],
  };
}

/** When a connector that fails from 0 ms on is restarted, asked every 10 ms. */
function restartsWithin(ms: number, failing: (atMs: number) => boolean): number[] {
  const restarts = createRestarts(policy);
  const times: number[] = [];
  for (let atMs = 0; atMs <= ms; atMs += 10) {
    const state = failing(atMs) ? 'FAILED' : 'RUNNING';
    if (restarts.due([connector(state)], atMs).length > 0) times.push(atMs);
  }
  return times;
}

test('one that keeps failing is restarted less and less often, and then no more', () => {
  assert.equal(
    restartsWithin(10_000, () => true),
    [10, 30, 70, 120],
  );
});

test('one that ran long enough is new again', () => {
  const failing = (atMs: number): boolean => atMs < 20 || atMs >= 1_500;
  assert.equal(restartsWithin(1_520, failing), [10, 1_510]);
});

test('one that runs for a moment only is not', () => {
  const failing = (atMs: number): boolean => atMs % 100 < 50;
  assert.is(restartsWithin(10_000, failing).length, policy.limit);
});

test('what only a resync mends is left alone', () => {
  const restarts = createRestarts(policy);
  for (let atMs = 0; atMs < 1_000; atMs += 10) {
    assert.equal(restarts.due([connector('FAILED', true)], atMs), []);
  }
});

test.run();
