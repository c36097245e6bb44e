import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { haltOf } from './wait-until.ts';

const test = suite('a halted connector');

const status = (state: 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED') => ({
  name: 'products',
  connector: { state, worker_id: 'worker' },
  tasks: [],
});

test('who paused or stopped it is told how it goes on', () => {
  for (const state of ['PAUSED', 'STOPPED'] as const) {
    assert.match(haltOf(status(state)) ?? '', new RegExp(`${state}.*make connector-resume`));
  }
});

test('one that runs or has failed is not halted', () => {
  assert.is(haltOf(status('RUNNING')), undefined);
  assert.is(haltOf(status('FAILED')), undefined);
});

test.run();
