import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Evidence, isEqual, judge, type Reason, reasonOf, type Sight } from './judge.ts';

const test = suite('reconcile: what two sights say');

const P1 = '0000000000000001-0000000000000001-0000000000000001-1';
const P2 = '0000000000000001-0000000000000002-0000000000000002-1';
const MANUAL = 'm-0000000000000001-0000000000000001';

interface Shown {
  readonly source?: readonly [version: string, digest: string];
  readonly model?: string;
  readonly position?: string;
  readonly isDeleted?: boolean;
  readonly wrong?: readonly string[];
}

function sight({ source, model, position, isDeleted = false, wrong = [] }: Shown): Sight {
  return {
    source: source && { key: 'k', version: source[0], digest: source[1] },
    model: {
      key: 'k',
      digest: model ?? null,
      position: position ?? null,
      isDeleted,
      isParked: false,
      wrong,
    },
  };
}

test('equal: the same row, none on both sides, or a row that its publisher owns', () => {
  assert.ok(isEqual(sight({ source: ['7', 'a'], model: 'a', position: P1 })));
  assert.ok(isEqual(sight({})));
  assert.ok(isEqual(sight({ model: 'a', position: MANUAL })));
  assert.not.ok(isEqual(sight({ source: ['7', 'a'], model: 'b', position: P1 })));
  assert.not.ok(isEqual(sight({ source: ['7', 'a'], model: 'a', position: P1, wrong: ['sum'] })));
  assert.not.ok(isEqual(sight({ source: ['7', 'a'] })));
  assert.not.ok(isEqual(sight({ model: 'a', position: P1 })));
});

test('a difference is one that nothing has moved in between', () => {
  const before = sight({ source: ['7', 'a'], model: 'b', position: P1 });
  assert.is(judge(before, before), 'different');
  assert.is(judge(before, sight({ source: ['7', 'a'], model: 'a', position: P2 })), 'equal');
  // Stock goes 5, 6, 5: the values are those of before, and it was changed all the same.
  assert.is(judge(before, sight({ source: ['9', 'a'], model: 'b', position: P1 })), 'moved');
  assert.is(judge(before, sight({ source: ['7', 'a'], model: 'b', position: P2 })), 'moved');
  assert.is(judge(before, sight({ model: 'b', position: P1 })), 'moved');
});

const PRESENT = { source: ['7', 'a'], model: 'b', position: P1 } as const;
const REASONS: readonly [what: string, shown: Shown, evidence: Partial<Evidence>, Reason][] = [
  [
    'the log has the row, and the consumer has handled it',
    PRESENT,
    { capturedAt: P1 },
    'changed by hand',
  ],
  ['the log has the row, and the consumer has passed it over', PRESENT, { capturedAt: P2 }, 'lost'],
  ['the log does not have the row', PRESENT, {}, 'lost'],
  ['nothing of the key was ever handled', { source: ['7', 'a'] }, { capturedAt: P1 }, 'lost'],
  ['its change is tried again', PRESENT, { parked: 'retrying' }, 'parked'],
  ['its change is given up', PRESENT, { parked: 'dead', capturedAt: P1 }, 'dead letter'],
  ['a computed value is wrong', { ...PRESENT, model: 'a', wrong: ['sum'] }, {}, 'changed by hand'],
  ['its publisher owns it', { ...PRESENT, position: MANUAL }, {}, 'conflict'],
  ['what differs is shared', PRESENT, { isShared: true, capturedAt: P1 }, 'shared field'],
  ['the source has no row, the consumer was not told', { model: 'b', position: P1 }, {}, 'extra'],
  [
    'the source has no row, and the consumer was told',
    { model: 'b', position: P1, isDeleted: true },
    {},
    'changed by hand',
  ],
  ['a row of which nothing was ever handled', { model: 'b' }, {}, 'changed by hand'],
];

for (const [what, shown, evidence, reason] of REASONS) {
  test(`${what}: ${reason}`, () => {
    assert.is(reasonOf(sight(shown), { isShared: false, ...evidence }), reason);
  });
}

test.run();
