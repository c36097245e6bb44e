import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Readers, readersOf } from './readers.ts';

const test = suite('who is expected to handle a topic');
const NOTHING: Readers = new Map();
const existing = new Set(['orders', 'prices']);
const group = { group: 'catalogue', committed: [], read: [] };

test('a group that reads a topic is expected before it has committed an offset of it', () => {
  assert.equal(
    readersOf([{ ...group, committed: ['prices'], read: ['orders', 'prices'] }], NOTHING, existing),
    new Map([
      ['prices', new Set(['catalogue'])],
      ['orders', new Set(['catalogue'])],
    ]),
  );
});

test('a group that does not run, or rebalances, is expected where it was', () => {
  const before: Readers = new Map([['orders', new Set(['catalogue', 'gone'])]]);
  assert.equal(readersOf([group], before, existing), new Map([['orders', new Set(['catalogue'])]]));
});

test('a group that reads other topics than before is expected there', () => {
  const before: Readers = new Map([['orders', new Set(['catalogue'])]]);
  assert.equal(
    readersOf([{ ...group, read: ['prices'] }], before, existing),
    new Map([['prices', new Set(['catalogue'])]]),
  );
});

test('nothing is expected of a topic that is gone', () => {
  const before: Readers = new Map([['deleted', new Set(['catalogue'])]]);
  assert.equal(readersOf([{ ...group, committed: ['deleted'] }], before, existing), NOTHING);
});

test.run();
