import type { Change, Row } from '@shelfcast/schemas/change';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { changesOf } from '../../testing/changes.ts';
import { NOWHERE, precedence } from '../positions/precedence.ts';
import { mergeShared, NOTHING_SHARED, type SharedEntity, type SharedRow } from './merge.ts';

const SHARED: SharedEntity = { keyColumn: 'product_id', columns: new Set(['price']) };
const products = changesOf('public.products');
const row = (name: string, price: string) => ({ product_id: 'P', name, price });
const at = (occurredAtMs: number, before?: Row) =>
  before === undefined ? { occurredAtMs } : { occurredAtMs, before };

/** A consumer with one key, as the runtime feeds it: what it would store, and what is known beside. */
function openKey() {
  let position: string = NOWHERE;
  let known: SharedRow = NOTHING_SHARED;
  let stored: Row | null = null;
  const lost: string[] = [];
  return {
    stored: () => stored,
    lost: () => lost,
    take(...changes: Change[]) {
      for (const change of changes) {
        const rank = precedence(change.position, position);
        if (rank === 'older') continue;
        if (rank === 'newer') position = change.position;
        else if (change.origin === 'cdc') continue;
        const merged = mergeShared(change, SHARED, known, rank === 'conflict');
        known = merged.row;
        lost.push(
          ...Object.entries(merged.lost).map(([name, value]) => `${name} ${String(value)}`),
        );
        if (merged.change === null) continue;
        const { op, origin, after } = merged.change;
        if (op === 'delete') stored = null;
        else stored = origin === 'manual' ? { ...stored, ...after } : after;
      }
      return stored;
    },
  };
}

test('on a key of the database an event changes the shared fields that it accepted later, and no others', () => {
  const key = openKey();
  key.take(products.create('P', row('database', '20.00'), at(10)));
  assert.equal(key.take(products.event('P', row('late', '9.00'), at(9))), row('database', '20.00'));
  assert.equal(
    key.take(products.event('P', row('event', '15.00'), at(11))),
    row('database', '15.00'),
  );
  assert.equal(key.lost(), ['name late', 'price 9.00', 'name event']);
});

test('a row change takes a shared field back only when it changes it, later', () => {
  const key = openKey();
  const created = row('a', '20.00');
  key.take(products.create('P', created, at(10)), products.event('P', { price: '15.00' }, at(20)));
  const renamed = row('b', '20.00');
  assert.equal(key.take(products.update('P', renamed, at(30, created))), row('b', '15.00'));
  const early = row('b', '21.00');
  assert.equal(key.take(products.update('P', early, at(19, renamed))), row('b', '15.00'));
  const later = row('b', '22.00');
  assert.equal(key.take(products.update('P', later, at(40, early))), later);
  assert.equal(key.lost(), ['price 21.00']);
});

test('on a tie the database wins', () => {
  const key = openKey();
  key.take(products.create('P', row('a', '20.00'), at(10)));
  assert.is(key.take(products.event('P', { price: '15.00' }, at(10)))?.price, '20.00');
});

test('a snapshot read never wins over another origin, and others are as they were read', () => {
  const key = openKey();
  key.take(
    products.create('P', row('a', '20.00'), at(10)),
    products.event('P', { price: '15.00' }, at(20)),
    products.read('P', row('read', '20.00'), at(90)),
  );
  assert.equal(key.stored(), row('read', '15.00'));
  assert.equal(key.lost(), []);
});

test('decide sees a change of what counts, not of what the database had before', () => {
  const created = row('a', '20.00');
  const key = openKey();
  key.take(products.create('P', created, at(10)));
  let known: SharedRow = NOTHING_SHARED;
  const seen = [
    products.create('P', created, at(10)),
    products.event('P', { price: '15.00' }, at(20)),
    products.update('P', row('b', '20.00'), at(30, created)),
    products.update('P', row('b', '16.00'), at(40, row('b', '20.00'))),
  ].map((change) => {
    const merged = mergeShared(change, SHARED, known, change.origin === 'manual');
    known = merged.row;
    return [merged.change?.before?.price, merged.change?.after?.price];
  });
  assert.equal(seen, [
    [undefined, '20.00'],
    [undefined, '15.00'],
    ['15.00', '15.00'],
    ['15.00', '16.00'],
  ]);
});

test('an event about a deleted row has no effect until the row is created again, and then only if it is newer', () => {
  const created = row('a', '20.00');
  for (const [acceptedAtMs, price] of [
    [29, '30.00'],
    [31, '15.00'],
  ] as const) {
    const key = openKey();
    key.take(
      products.create('P', created, at(10)),
      products.delete('P', at(20, created)),
      products.event('P', { price: '15.00' }, at(acceptedAtMs)),
    );
    assert.is(key.stored(), null);
    assert.is(key.take(products.create('P', row('b', '30.00'), at(30)))?.price, price);
  }
});

test('a delete ends what was accepted before it, and an event that comes again is not newer than its successor', () => {
  const created = row('a', '20.00');
  const first = products.event('P', { price: '15.00' }, at(15));
  const second = products.event('P', { price: '16.00' }, at(15));
  const key = openKey();
  key.take(products.create('P', created, at(10)), first, second, first);
  assert.is(key.stored()?.price, '16.00');
  const remade = row('b', '30.00');
  key.take(products.delete('P', at(20, created)), products.read('P', remade, at(30)), first);
  assert.equal(key.stored(), remade);
});

test('any redelivery and any interleaving of the topics give the same outcome', () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = randomOf(seed);
    const { changes, current, accepted } = databaseHistory(random);
    const events = Array.from({ length: random(8) }, (_, nr) =>
      products.event('P', row('event', `${nr}.50`), at(random(60))),
    );
    const best = events.reduce<Change | undefined>(
      (one, other) => (one !== undefined && one.occurredAtUs > other.occurredAtUs ? one : other),
      undefined,
    );
    const wins = best !== undefined && best.occurredAtUs > accepted;
    const expected = current && { ...current, ...(wins && { price: best.after?.price }) };
    for (let round = 0; round < 8; round += 1) {
      const key = openKey();
      key.take(...interleaved(random, withRepeats(random, changes), withRepeats(random, events)));
      assert.equal(key.stored(), expected, `seed ${seed}, round ${round}`);
    }
  }
});

/** What happens to a row at the database, whose clock is set back now and then. */
function databaseHistory(random: (below: number) => number) {
  let current: ReturnType<typeof row> | null = null;
  let clockMs = random(10);
  let accepted = 0n;
  const changes: Change[] = [];
  const add = (change: Change, accepts: boolean) => {
    changes.push(change);
    if (accepts && change.occurredAtUs > accepted) accepted = change.occurredAtUs;
  };
  for (let nr = 0; nr <= random(12); nr += 1) {
    clockMs = Math.max(0, clockMs + random(20) - 8);
    const before: ReturnType<typeof row> | null = current;
    if (before === null) {
      current = row(`name ${nr}`, `${nr}.00`);
      add(products.create('P', current, at(clockMs)), true);
      continue;
    }
    switch (random(5)) {
      case 0:
        current = null;
        add(products.delete('P', at(clockMs, before)), true);
        break;
      case 1:
        add(products.read('P', before, at(clockMs)), false);
        break;
      case 2:
        current = row(`name ${nr}`, before.price);
        add(products.update('P', current, at(clockMs, before)), false);
        break;
      default:
        current = row(before.name, `${nr}.00`);
        add(products.update('P', current, at(clockMs, before)), true);
    }
  }
  return { changes, current, accepted };
}

/** A stream that now and then goes back to an earlier place. */
function withRepeats(random: (below: number) => number, changes: readonly Change[]): Change[] {
  return changes
    .flatMap((change, index) =>
      random(4) === 0 ? changes.slice(random(index + 1), index + 1) : [change],
    )
    .concat(changes.slice(random(changes.length + 1)));
}

function interleaved(
  random: (below: number) => number,
  one: readonly Change[],
  other: readonly Change[],
): Change[] {
  const left = [[...one], [...other]];
  const all: Change[] = [];
  while (left.some((stream) => stream.length > 0)) {
    const next = left[random(2)]?.shift();
    if (next !== undefined) all.push(next);
  }
  return all;
}

function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

test.run();
