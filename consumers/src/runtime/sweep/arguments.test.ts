import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { recordsBehind, sweepArguments } from './arguments.ts';

const test = suite('sweep: records to be handled first');

/** A topic `t` whose partitions hold offsets [low, 100), and a group that has committed the given ones. */
function admin(committed: readonly (bigint | null)[], low = 0n) {
  return {
    groupOffsets: async () =>
      committed.map((offset, partition) => ({ topic: 't', partition, offset })),
    watermarks: async () =>
      new Map(committed.map((_, partition) => [partition, { low, high: 100n }])),
  };
}
const marks = (...offsets: bigint[]) =>
  offsets.map((offset, partition) => ({ topic: 't', partition, offset }));

test('none when every partition is at its watermark or beyond', async () => {
  assert.is(await recordsBehind(admin([10n, 60n]), 'g', marks(10n, 50n)), 0n);
});

test('the sum of what is missing over all members of the group', async () => {
  assert.is(await recordsBehind(admin([7n, 45n, null]), 'g', marks(10n, 50n, 4n)), 12n);
});

test('what retention has deleted will not come any more', async () => {
  assert.is(await recordsBehind(admin([null], 10n), 'g', marks(10n)), 0n);
  assert.is(await recordsBehind(admin([null], 8n), 'g', marks(10n)), 2n);
});

test('after an epoch the floor is its lowest position', () => {
  const given = { epoch: '17', entities: ['products'], watermarks: [] };
  const { floor, goneAtMs, confirmed } = sweepArguments.parse(given);
  assert.is(floor, encodePosition({ epoch: 17n, sequence: [null, null], snapshot: true }));
  assert.equal([goneAtMs, confirmed], [17_000, 0]);
  assert.not.ok(sweepArguments.safeParse({ ...given, epoch: 17 }).success);
  assert.not.ok(sweepArguments.safeParse({ ...given, entities: [] }).success);
});

test('after a read the floor is the position of its request', () => {
  const floor = encodePosition({ epoch: 17n, sequence: [5n, null], snapshot: true });
  const requestedFrom = [{ topic: 't', partition: 0, offset: '7' }];
  const given = { floor, goneAtMs: 1, requestedFrom, entities: ['products'], watermarks: [] };
  assert.equal(sweepArguments.parse(given).requestedFrom, [
    { topic: 't', partition: 0, offset: 7n },
  ]);
  for (const wrong of ['', '17', encodeManualPosition(1, 1n)]) {
    assert.not.ok(sweepArguments.safeParse({ ...given, floor: wrong }).success, wrong);
  }
});

test.run();
