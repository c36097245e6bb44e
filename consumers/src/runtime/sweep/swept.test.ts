import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { precedence } from '../positions/precedence.ts';
import { brake, epochOfHeader, isGone, sweptChange, type WaitingChange } from './swept.ts';

const test = suite('sweep');

const EPOCH = 1_795_378_867n;
const at = (epoch: bigint, lsn: bigint, snapshot = false) =>
  encodePosition({ epoch, sequence: [lsn, lsn], snapshot });
const AFTER_EPOCH = {
  floor: encodePosition({ epoch: EPOCH, sequence: [null, null], snapshot: true }),
  goneAtMs: 1_795_378_867_000,
  requestedFrom: [],
};
const TOPIC = 'pis.public.products';
/** The read of one table, asked for at LSN 100 when partition 0 ended at offset 70. */
const AFTER_READ = {
  floor: encodePosition({ epoch: EPOCH, sequence: [100n, null], snapshot: true }),
  goneAtMs: 1_795_378_999_000,
  requestedFrom: [{ topic: TOPIC, partition: 0, offset: 70n }],
};

test('after an epoch the delete is newer than all earlier epochs, and older than every change of its own', () => {
  const { floor } = AFTER_EPOCH;
  assert.is(precedence(floor, at(EPOCH - 1n, 0xffff_ffff_ffffn)), 'newer');
  assert.is(precedence(at(EPOCH, 1n), floor), 'newer');
  assert.is(precedence(at(EPOCH, 1n, true), floor), 'newer', 'a read too');
  assert.is(precedence(floor, encodeManualPosition(1, 1n)), 'conflict');
});

test('after a read the delete is newer than what came before the request, and older than what came after it', () => {
  const { floor } = AFTER_READ;
  const change = (lastCommit: bigint, lsn: bigint | null, snapshot = false) =>
    encodePosition({ epoch: EPOCH, sequence: [lastCommit, lsn], snapshot });
  assert.is(precedence(floor, change(99n, 99n)), 'newer');
  assert.is(precedence(change(100n, 120n), floor), 'newer');
  assert.is(
    precedence(change(100n, null, true), floor),
    'older',
    'the same place: what the read saw is there',
  );
  assert.not.ok(change(100n, null, true) < floor);
});

test('the delete has one id for all consumers, and another one in another sweep', () => {
  const entity = { entity: 'products', schema: 'public', table: 'products', topic: TOPIC };
  const swept = (sweep: typeof AFTER_READ) =>
    sweptChange({ instance: 'local', entity, key: 'P-1', ...sweep });
  assert.is(swept(AFTER_READ).id, swept(AFTER_READ).id);
  assert.is.not(swept(AFTER_READ).id, swept({ ...AFTER_READ, floor: AFTER_EPOCH.floor }).id);
  const { op, key, before, after, epoch } = swept(AFTER_READ);
  assert.equal(
    { op, key, before, after, epoch },
    { op: 'delete', key: 'P-1', before: null, after: null, epoch: EPOCH },
  );
});

const waits = (more: Partial<WaitingChange>): WaitingChange => ({
  changeId: 'c-1',
  topic: TOPIC,
  partition: 0,
  offset: 7n,
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
  test(`gone or not, after an epoch: ${what}`, () => {
    assert.is(isGone({ key, position, waiting }, AFTER_EPOCH), expected);
  });
}

const afterRead: [string, WaitingChange, boolean][] = [
  ['a change from before the request waits', waits({ epoch: EPOCH, offset: 69n }), true],
  ['a change from after the request waits', waits({ epoch: EPOCH, offset: 70n }), false],
  ['a change in a partition that was added waits', waits({ epoch: EPOCH, partition: 9 }), false],
  ['a change of an earlier epoch waits', waits({ offset: 900n }), true],
];
for (const [what, waiting, expected] of afterRead) {
  test(`gone or not, after a read: ${what}`, () => {
    const key = { key: 'P-1', position: at(EPOCH, 5n), waiting: [waiting] };
    assert.is(isGone(key, AFTER_READ), expected);
  });
}

const extents: [string, number, number, number, RegExp | undefined][] = [
  ['few keys of few', 100, 100, 0, undefined],
  ['many keys of very many', 5_000, 50_000, 0, undefined],
  ['many of many', 101, 1_000, 0, /101 of 1000 keys/],
  ['all of them', 3_000, 3_000, 0, /3000 of 3000 keys/],
  ['many of many, confirmed', 101, 1_000, 101, undefined],
  ['more than was confirmed', 102, 1_000, 101, /102 of 1000 keys/],
];
for (const [what, gone, keys, confirmed, refusal] of extents) {
  test(`the brake: ${what}`, () => {
    const because = brake({ gone, keys }, confirmed);
    if (refusal === undefined) assert.is(because, undefined);
    else assert.match(because ?? '', refusal);
  });
}

test('the epoch of a parked record', () => {
  assert.is(epochOfHeader(Buffer.from('17').toString('base64')), 17n);
  assert.is(epochOfHeader(Buffer.from('x').toString('base64')), 0n);
  assert.is(epochOfHeader(null), 0n);
});

test.run();
