import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { classifyChanges } from '../runtime/positions/classify.ts';
import { changesOf } from './changes.ts';

const nothingKnown = {
  guards: new Map(),
  parked: new Set<string>(),
  floors: new Map(),
  batches: new Map(),
};
const outcomes = (changes: Parameters<typeof classifyChanges>[0]) =>
  classifyChanges(changes, nothingKnown).map(({ outcome }) => outcome);

test('each change is later than the one before, unless its version says otherwise', () => {
  const products = changesOf('public.products');
  const first = products.create('P-1', { name: 'a' });
  const second = products.update('P-1', { name: 'b' });
  const late = products.update('P-1', { name: 'c' }, { version: 1 });
  assert.equal(outcomes([first, second, products.delete('P-1')]), Array(3).fill('processed'));
  assert.equal(outcomes([second, first, late]), ['processed', 'skipped', 'skipped']);
  assert.equal(
    [first, second, late].map(({ record }) => record.offset),
    [0n, 1n, 2n],
  );
});

test('a snapshot read comes before the change of the same version', () => {
  const products = changesOf('public.products');
  const read = products.read('P-1', {}, { version: 7 });
  const update = products.update('P-1', {}, { version: 7 });
  assert.equal(outcomes([read, update]), ['processed', 'processed']);
  assert.equal(outcomes([update, read]), ['processed', 'skipped']);
});

test('the database takes a key over from manual events, and keeps it', () => {
  const products = changesOf('public.products');
  const events = [products.event('P-1', { name: 'a' }), products.event('P-1', { name: 'b' })];
  const created = products.create('P-1', { name: 'c' });
  assert.equal(outcomes([...events, created]), Array(3).fill('processed'));
  assert.equal(outcomes([created, ...events]), ['processed', 'conflict', 'conflict']);
  assert.is(events[0]?.record.topic, 'product_updates');
  assert.throws(
    () => changesOf('crm.accounts').event('A', {}),
    /no manual topic is about crm.accounts/,
  );
});

test('an id is a function of the change', () => {
  const id = (version: number) =>
    changesOf('public.products').update('P-1', { name: 'a' }, { version }).id;
  assert.is(id(3), id(3));
  assert.is.not(id(3), id(4));
});

test.run();
