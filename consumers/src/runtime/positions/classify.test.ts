import type { Change } from '@shelfcast/schemas/change';
import { encodeManualPosition, encodePosition } from '@shelfcast/schemas/position';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classifyChanges, guardKey, type KnownPositions } from './classify.ts';

const at = (lsn: number) =>
  encodePosition({ epoch: 1n, sequence: [0n, BigInt(lsn)], snapshot: false });

const nothingKnown: KnownPositions = {
  guards: new Map(),
  parked: new Set(),
  floors: new Map(),
  batches: new Map(),
};

function change(key: string | null, lsn: number, offset: number): Change {
  return {
    id: `${key}@${lsn}`,
    origin: 'cdc',
    instance: 'test',
    entity: 'products',
    key,
    op: key === null ? 'truncate' : 'update',
    before: null,
    after: {},
    occurredAtUs: 0n,
    position: at(lsn),
    epoch: 1n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: 0,
    record: { topic: 't', partition: 0, offset: BigInt(offset) },
  };
}

const outcomes = (changes: Change[], known: Partial<KnownPositions>) =>
  classifyChanges(changes, { ...nothingKnown, ...known }).map(({ fresh, outcome }) => [
    fresh,
    outcome,
  ]);

test('a key takes changes in the order of their positions, within a batch too', () => {
  assert.equal(
    outcomes([change('a', 5, 0), change('a', 4, 1), change('b', 1, 2), change('a', 6, 3)], {}),
    [
      [true, 'processed'],
      [false, 'skipped'],
      [true, 'processed'],
      [true, 'processed'],
    ],
  );
});

test('a redelivered delete before the row that was created again has no effect', () => {
  const known = { guards: new Map([[guardKey('products', 'a'), at(9)]]) };
  assert.equal(outcomes([change('a', 7, 20)], known), [[false, 'skipped']]);
});

test('nothing at or below a floor has an effect, and the truncate itself is not applied twice', () => {
  const known = { floors: new Map([['products', at(10)]]) };
  assert.equal(outcomes([change('a', 9, 0), change('a', 11, 1), change(null, 10, 2)], known), [
    [false, 'skipped'],
    [true, 'processed'],
    [false, 'processed'],
  ]);
});

test('a redelivered batch repeats the outcomes it had, and reports nothing reported before', () => {
  const known = {
    guards: new Map([[guardKey('products', 'a'), at(9)]]),
    batches: new Map([
      [
        partitionKey({ topic: 't', partition: 0 }),
        { firstOffset: 10n, nextOffset: 13n, skippedOffsets: new Set([11n]) },
      ],
    ]),
  };
  assert.equal(
    outcomes(
      [change('a', 1, 9), change('a', 5, 10), change('a', 2, 11), change('a', 9, 12)],
      known,
    ),
    [
      [false, 'reported'],
      [false, 'processed'],
      [false, 'skipped'],
      [false, 'processed'],
    ],
  );
});

test('the same change at a new offset is the same effect, reported again under the same id', () => {
  const known = { guards: new Map([[guardKey('products', 'a'), at(9)]]) };
  assert.equal(outcomes([change('a', 9, 50)], known), [[false, 'processed']]);
});

test('a topic that was made again starts at offset 0 and loses nothing', () => {
  const known = {
    batches: new Map([
      [
        partitionKey({ topic: 't', partition: 0 }),
        { firstOffset: 900n, nextOffset: 950n, skippedOffsets: new Set<bigint>() },
      ],
    ]),
  };
  assert.equal(outcomes([change('new', 3, 0)], known), [[true, 'processed']]);
  const parked = new Set([guardKey('products', 'new')]);
  const [judged] = classifyChanges([change('new', 3, 0)], { ...nothingKnown, ...known, parked });
  assert.is(judged?.waits, true, 'a key that waits takes it into its queue');
});

test('an event on a key of the database repeats the outcome it had', () => {
  const event = (offset: number): Change => ({
    ...change('a', 1, offset),
    origin: 'manual',
    position: encodeManualPosition(offset, BigInt(offset)),
  });
  const known = {
    guards: new Map([[guardKey('products', 'a'), at(9)]]),
    batches: new Map([
      [
        partitionKey({ topic: 't', partition: 0 }),
        { firstOffset: 10n, nextOffset: 12n, skippedOffsets: new Set([11n]) },
      ],
    ]),
  };
  const events = [event(9), event(10), event(11), event(12)];
  assert.equal(outcomes(events, known), [
    [false, 'reported'],
    [false, 'processed'],
    [false, 'conflict'],
    [false, 'conflict'],
  ]);
  assert.ok(
    classifyChanges(events, { ...nothingKnown, ...known }).every(
      ({ contested }) => contested === true,
    ),
  );
  const parked = { ...known, parked: new Set([guardKey('products', 'a')]) };
  assert.equal(outcomes([event(12)], parked), [[false, 'parked']], 'it waits behind the others');
});

test.run();
