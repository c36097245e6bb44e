import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createByteBudget } from './byte-budget.ts';

test('a caller has its share, all have the total, and what is given back is free again', () => {
  const budget = createByteBudget({ totalBytes: 100, callerBytes: 60 });
  assert.is(budget.take('a', 60), undefined);
  assert.is(budget.take('a', 1), 'caller');
  assert.is(budget.take('b', 40), undefined);
  assert.is(budget.take('b', 1), 'process');
  budget.give('a', 60);
  assert.is(budget.take('b', 20), undefined);
  assert.is(budget.take('b', 1), 'caller');
  budget.give('b', 60);
  assert.is(budget.take('a', 60), undefined);
});

test.run();
