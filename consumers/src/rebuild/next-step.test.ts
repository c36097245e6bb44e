import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nextStep } from './next-step.ts';

const ROWS = {
  gone: undefined,
  open: { cancelledBy: null, swapped: false },
  cancelled: { cancelledBy: 'a person', swapped: false },
  swapped: { cancelledBy: null, swapped: true },
  // Not possible in SQL; to build on would be worse than to stop.
  both: { cancelledBy: 'a person', swapped: true },
} as const;

const WHILE_RUNNING = {
  gone: 'cancelled',
  open: 'look',
  cancelled: 'cancelled',
  swapped: 'swapped',
  both: 'cancelled',
} as const;

for (const name of ['gone', 'open', 'cancelled', 'swapped', 'both'] as const) {
  test(`a row that is ${name}`, () => {
    const next = (isStopping: boolean, hasFailed: boolean) =>
      nextStep(ROWS[name], { isStopping, hasFailed });
    assert.equal(
      [next(false, false), next(false, true), next(true, false), next(true, true)],
      [WHILE_RUNNING[name], 'failed', 'interrupted', 'interrupted'],
    );
  });
}

test.run();
