import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isPastInitialSnapshot } from './initial-snapshot.ts';

const test = suite('the end of an initial snapshot');

const partition = { server: 'pis' };

test('an offset of the stream: the snapshot is complete', () => {
  const offset = { lsn_proc: 45363056, lsn_commit: 45363056, lsn: 45363056, txId: 937 };
  assert.ok(isPastInitialSnapshot({ partition, offset }));
});

test('an offset of the snapshot itself, or none', () => {
  const offset = { lsn: 45363056, txId: 937, snapshot: 'INITIAL', snapshot_completed: false };
  assert.not.ok(isPastInitialSnapshot({ partition, offset }));
  assert.not.ok(isPastInitialSnapshot({ partition, offset: null }));
});

test.run();
