import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type FetchAction, nextAction } from './next-action.ts';

const BOTH = [false, true];

test('all that can be known leads to one action', () => {
  const actions = new Map<FetchAction, number>();
  for (const isBehind of BOTH)
    for (const hasKept of BOTH)
      for (const isOver of BOTH)
        for (const isUnderWay of BOTH)
          for (const hangs of BOTH) {
            const action = nextAction({ isBehind, hasKept, isOver, isUnderWay, hangs });
            actions.set(action, (actions.get(action) ?? 0) + 1);
            const about = JSON.stringify({ isBehind, hasKept, isOver, isUnderWay, hangs });
            // Records that no other member will bring are never waited for.
            if (isBehind) assert.is(action, 'askAlone', about);
            // What is there is given before anything is asked for, and nothing is begun when the wait is over.
            else if (hasKept) assert.is(action, 'takeKept', about);
            else if (isOver) assert.is(action, 'giveUp', about);
            // One fetch for all at a time; a member whose connection is in trouble begins none.
            else if (isUnderWay) assert.is(action, 'join', about);
            else assert.is(action, hangs ? 'askAlone' : 'fetchForAll', about);
          }
  assert.equal(Object.fromEntries(actions), {
    askAlone: 17,
    takeKept: 8,
    giveUp: 4,
    join: 2,
    fetchForAll: 1,
  });
});

test.run();
