import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseOffset } from './stored-offset.ts';

const test = suite('stored offset');

test('the newest of its places in the WAL counts', () => {
  assert.is(parseOffset({ lsn: 10, lsn_proc: 30, lsn_commit: 20, txId: 99 }).lsn, 30n);
  assert.is(parseOffset({ lsn: null, lsn_commit: 20 }).lsn, 20n);
  assert.is(parseOffset({}).lsn, undefined);
});

test('an incremental snapshot is running while tables are left', () => {
  assert.is(parseOffset({ incremental_snapshot_collections: '[]' }).incrementalSnapshot, undefined);
  const left = '[{"incremental_snapshot_collections_id":"public.a"}]';
  assert.is(parseOffset({ incremental_snapshot_collections: left }).incrementalSnapshot, left);
});

test('an initial snapshot marks its offsets', () => {
  assert.is(parseOffset({ lsn: 1, snapshot: 'INITIAL' }).inInitialSnapshot, true);
  assert.is(parseOffset({ lsn: 1 }).inInitialSnapshot, false);
});

test.run();
