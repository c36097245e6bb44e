import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tablesBeingRead, withoutTablesBeingRead } from './incremental-snapshot-offset.ts';

const collection = (id: string) => ({
  incremental_snapshot_collections_id: id,
  incremental_snapshot_collections_additional_condition: null,
  incremental_snapshot_collections_surrogate_key: null,
});
const offset = {
  lsn: 123,
  ts_usec: 1_796_000_000_000_000,
  incremental_snapshot_primary_key: 'aced0005',
  incremental_snapshot_maximum_key: 'aced0006',
  incremental_snapshot_correlation_id: 'snapshot-1',
  incremental_snapshot_collections: JSON.stringify([
    collection('public.a'),
    collection('eu.b'),
    collection('public.c'),
  ]),
};

test('an offset tells which tables are being read, the first one now', () => {
  assert.equal(tablesBeingRead(offset), ['public.a', 'eu.b', 'public.c']);
  assert.equal(tablesBeingRead({ lsn: 1 }), []);
});

test('a table that waits goes out, and the one being read stands where it stood', () => {
  const changed = withoutTablesBeingRead(offset, (table) => table !== 'eu.b') ?? {};
  assert.equal(tablesBeingRead(changed), ['public.a', 'public.c']);
  assert.is(changed.incremental_snapshot_primary_key, 'aced0005');
  assert.is(changed.lsn, 123);
});

test('with the table being read its place goes: the next one is read from its beginning', () => {
  const changed = withoutTablesBeingRead(offset, (table) => table !== 'public.a') ?? {};
  assert.equal(tablesBeingRead(changed), ['eu.b', 'public.c']);
  assert.is(changed.incremental_snapshot_primary_key, undefined);
  assert.is(changed.incremental_snapshot_maximum_key, undefined);
  assert.is(changed.incremental_snapshot_correlation_id, 'snapshot-1');
});

test('with the last table nothing is left of the snapshot', () => {
  const changed = withoutTablesBeingRead(offset, () => false);
  assert.equal(changed, { lsn: 123, ts_usec: 1_796_000_000_000_000 });
});

test('an offset that reads none of them stays as it is', () => {
  assert.is(
    withoutTablesBeingRead(offset, () => true),
    undefined,
  );
  assert.is(
    withoutTablesBeingRead({ lsn: 1 }, () => false),
    undefined,
  );
});

test.run();
