import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { precedence } from './precedence.ts';
import {
  epochOfHeader,
  isGone,
  sweepPosition,
  sweptChange,
  type WaitingChange,
  wasSwept,
} from './swept.ts';

const test = suite('sweep');

const EPOCH = 1_795_378_867n;
const at = (epoch: bigint, lsn: bigint, snapshot = false) =>
  encodePosition({ epoch, sequence: [lsn, lsn], snapshot });

test('the delete is newer than everything of earlier epochs, and older than every change of its own', () => {
  const position = sweepPosition(EPOCH);
  assert.is(precedence(position, at(EPOCH - 1n, 0xffff_ffff_ffffn)), 'newer');
  assert.is(precedence(at(EPOCH, 1n), position), 'newer');
  assert.is(precedence(at(EPOCH, 1n, true), position), 'newer', 'a read too');
  assert.is(precedence(position, encodeManualPosition(1, 1n)), 'conflict');
});

test('what an earlier sweep deleted is known by its position', () => {
  assert.ok(wasSwept(sweepPosition(EPOCH - 1n)));
  assert.not.ok(wasSwept(at(EPOCH - 1n, 5n)));
  assert.not.ok(wasSwept(''));
});

test('the delete has one id for all consumers, and another one in another epoch', () => {
  const entity = { entity: 'products', schema: 'public', table: 'products', topic: 'pis.p' };
  const swept = (epoch: bigint) => sweptChange({ instance: 'local', entity, key: 'P-1', epoch });
  assert.is(swept(EPOCH).id, swept(EPOCH).id);
  assert.is.not(swept(EPOCH).id, swept(EPOCH + 1n).id);
  const { op, key, before, after } = swept(EPOCH);
  assert.equal({ op, key, before, after }, { op: 'delete', key: 'P-1', before: null, after: null });
});

const waits = (more: Partial<WaitingChange>): WaitingChange => ({
  changeId: 'c-1',
  topic: 'pis.public.products',
  epoch: EPOCH - 1n,
  ...more,
});
const OLD = at(EPOCH - 1n, 5n);
const cases: [string, string, string, WaitingChange[], boolean][] = [
  ['not seen again', 'P-1', OLD, [], true],
  ['parked, and not seen again', 'P-1', OLD, [waits({})], true],
  ['seen again by a change that waits', 'P-1', OLD, [waits({}), waits({ epoch: EPOCH })], false],
  [
    'seen again by a record that cannot be read',
    'P-1',
    OLD,
    [waits({ changeId: null, epoch: EPOCH })],
    false,
  ],
  ['parked before anything was applied', 'P-1', '', [waits({})], true],
  [
    'the name of a record whose key cannot be read',
    't/1/7',
    '',
    [waits({ changeId: null })],
    false,
  ],
  ['the name of a truncate', 'truncate c-1', '', [waits({})], false],
  [
    'known from its publishers alone',
    'P-1',
    '',
    [waits({ topic: 'product_updates', epoch: 0n })],
    false,
  ],
];
for (const [what, key, position, waiting, expected] of cases) {
  test(`gone or not: ${what}`, () => {
    assert.is(isGone({ key, position, waiting }, EPOCH), expected);
  });
}

test('the epoch of a parked record', () => {
  assert.is(epochOfHeader(Buffer.from('17').toString('base64')), 17n);
  assert.is(epochOfHeader(Buffer.from('x').toString('base64')), 0n);
  assert.is(epochOfHeader(null), 0n);
});

test.run();
