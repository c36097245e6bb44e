import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ChangeError } from './errors.ts';
import {
  comparePositions,
  decodePosition,
  encodeManualPosition,
  encodePosition,
  isPosition,
  type PositionParts,
  parsePosition,
} from './position.ts';

const at = (epoch: bigint, sequence: PositionParts['sequence'], snapshot = false) =>
  encodePosition({ epoch, sequence, snapshot });

test('text has a fixed width and comes apart again', () => {
  const position = at(1_700_000_000n, [0x16b3748n, 0x16b3780n]);
  assert.is(position, '000000006553f100-00000000016b3748-00000000016b3780-1');
  assert.equal(decodePosition(position), {
    epoch: 1_700_000_000n,
    sequence: [0x16b3748n, 0x16b3780n],
    snapshot: false,
  });
});

test('text sorts like (epoch, last commit, lsn, snapshot before stream), null lowest', () => {
  const inOrder = [
    at(0n, [null, null], true),
    at(0n, [null, null]),
    at(0n, [null, 5n], true),
    at(0n, [null, 5n]),
    at(0n, [9n, null]),
    at(0n, [9n, 10n]),
    at(0n, [10n, 2n]),
    at(0n, [0xffffn, 1n]),
    at(0n, [0x10000n, 1n]),
    at(1n, [null, null], true),
    at(2n ** 64n - 1n, [2n ** 64n - 1n, 2n ** 64n - 1n]),
  ];
  assert.equal([...inOrder].reverse().sort(comparePositions), inOrder);
  assert.equal([...inOrder].reverse().sort(), inOrder);
});

test('of a transaction that began before another and commits after it, the later commit wins', () => {
  // T1 wrote at LSN 100 and commits after T2, which wrote at 200 and committed at 210.
  const t2 = at(0n, [90n, 200n]);
  const t1 = at(0n, [210n, 100n]);
  assert.is(comparePositions(t2, t1), -1);
});

test('manual positions follow the log, also of a topic that was created again', () => {
  const first = encodeManualPosition(1_700_000_000_000, 41n);
  const second = encodeManualPosition(1_700_000_000_000, 42n);
  const recreated = encodeManualPosition(1_700_000_000_001, 0n);
  assert.ok(comparePositions(first, second) < 0);
  assert.ok(comparePositions(second, recreated) < 0);
  assert.is(comparePositions(first, first), 0);
});

test('positions of different origins are not compared', () => {
  assert.throws(
    () => comparePositions(at(0n, [1n, 1n]), encodeManualPosition(1, 1n)),
    (error: unknown) => error instanceof ChangeError && error.code === 'BAD_POSITION',
  );
});

test('what is no position is refused', () => {
  for (const text of [
    '',
    '0',
    'm-1-1',
    '0'.repeat(52),
    ` ${at(0n, [1n, 1n])}`,
    at(0n, [1n, 1n]).toUpperCase().replace('1', 'F'),
  ]) {
    assert.not(isPosition(text), text);
    assert.throws(() => parsePosition(text), /is not a position/);
  }
  assert.throws(() => at(-1n, [1n, 1n]), /does not fit/);
  assert.throws(() => at(0n, [2n ** 64n, 1n]), /does not fit/);
  assert.throws(() => encodeManualPosition(1.5, 1n), /whole milliseconds/);
  assert.throws(() => decodePosition(encodeManualPosition(1, 1n)), /not a CDC position/);
});

test.run();
