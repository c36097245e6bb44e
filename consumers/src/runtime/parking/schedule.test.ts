import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { afterFailure } from './schedule.ts';

const ATTEMPTS = [0, 1, 2, 3, 4, 5, 6];

test('a key is dead with the sixth failure of its oldest change', () => {
  assert.equal(
    ATTEMPTS.map((before) => afterFailure(before, { isFirst: true, isDeadly: false })),
    [
      { attempts: 1, state: 'retrying' },
      { attempts: 2, state: 'retrying' },
      { attempts: 3, state: 'retrying' },
      { attempts: 4, state: 'retrying' },
      { attempts: 5, state: 'retrying' },
      { attempts: 6, state: 'dead' },
      { attempts: 7, state: 'dead' },
    ],
  );
});

test('a change behind the oldest begins to count by itself', () => {
  for (const before of ATTEMPTS) {
    const after = afterFailure(before, { isFirst: false, isDeadly: false });
    assert.equal(after, { attempts: 1, state: 'retrying' });
  }
});

test('what ends processes is not tried again by itself', () => {
  for (const before of ATTEMPTS) {
    for (const isFirst of [true, false]) {
      assert.is(afterFailure(before, { isFirst, isDeadly: true }).state, 'dead');
    }
  }
});

test.run();
