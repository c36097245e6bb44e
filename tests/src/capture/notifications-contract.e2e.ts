// What Shelfcast believes of Debezium's notifications, asked of the real connector: they carry the id of the signal that
// asked, and none of them is stored as an offset that would skip anything, even if Connect is killed at any moment.
import { tablesBeingRead } from '@shelfcast/connect-config/internals/incremental-snapshot-offset';
import type { Notification } from '@shelfcast/connect-config/internals/snapshot/notifications';
import { parseOffset } from '@shelfcast/connect-config/internals/stored-offset';
import type { Stack } from '@shelfcast/local/stack';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureHarness, openCaptureHarness } from '../support/capture-harness.ts';
import { holdSnapshot } from '../support/held-snapshot.ts';
import { sharedStack } from '../support/test-stack.ts';

const test = suite('notifications of Debezium');
/** Takes an initial snapshot a second or more. */
const ROWS = 20_000;
let stack: Stack;
let harness: CaptureHarness;

test.before(async () => {
  stack = await sharedStack();
  harness = await openCaptureHarness();
  await harness.db.query(`create table ${harness.name}.many (id int primary key, value int);
    insert into ${harness.name}.many select i, 0 from generate_series(1, ${ROWS}) as i;
    create table ${harness.name}.few (id int primary key, value int);
    insert into ${harness.name}.few select i, 0 from generate_series(1, 1500) as i`);
});
test.after(() => harness.close());

const isInProgress = ({ type }: Notification) => type === 'IN_PROGRESS';
const isIncremental = (one: Notification) => one.aggregate_type === 'Incremental Snapshot';
const isEnd = ({ type }: Notification) => type === 'TABLE_SCAN_COMPLETED';

async function notified(is: (one: Notification) => boolean): Promise<Notification> {
  return await eventually(
    async () => {
      const found = (await harness.notifications()).find(is);
      assert.ok(found);
      return found as Notification;
    },
    { timeoutMs: 60_000, intervalMs: 50, what: 'a notification' },
  );
}

async function kill(): Promise<void> {
  stack.kill('connect');
  await stack.waitHealthy('connect');
}

/** The keys of a table that any change has shown. */
function keys(table: string, op: string): Set<string | null> {
  return new Set(
    harness.changes(table).flatMap((change) => (change.op === op ? [change.key] : [])),
  );
}

test('a kill in the initial snapshot: what is stored says that it is not over, and it is read whole', async () => {
  await harness.capture(['many', 'few']);
  await eventually(() => harness.changes('many').length + harness.changes('few').length > 0, {
    timeoutMs: 60_000,
    intervalMs: 5,
    what: 'the first rows',
  });
  const seen = harness.changes('many').length;
  await kill();
  const stored = await harness.storedOffset();
  console.log(`# killed after ${seen} of ${ROWS} rows; stored: ${JSON.stringify(stored)}`);
  await eventually(
    () => {
      assert.is(keys('many', 'read').size, ROWS);
      assert.is(keys('few', 'read').size, 1_500);
    },
    { timeoutMs: 120_000, intervalMs: 200, what: 'every row' },
  );
  assert.ok(stored === undefined || parseOffset(stored).inInitialSnapshot);
});

test('every notification of an incremental snapshot has the id of its signal', async () => {
  const known = (await harness.notifications()).length;
  const id = await harness.snapshot('few');
  await notified((one) => one.id === id && one.type === 'COMPLETED');
  const all = (await harness.notifications()).slice(known).filter(isIncremental);
  assert.equal([...new Set(all.map((one) => one.id))], [id]);
  assert.is(all[0]?.type, 'STARTED');
});

test('a kill between chunks, after their notifications: the stored offset has the table half read', async () => {
  const held = await holdSnapshot(harness.db, 2, harness.name);
  const id = await harness.snapshot('few');
  try {
    await held.held();
    const progress = await notified((one) => one.id === id && isInProgress(one));
    assert.is(progress.additional_data.current_collection_in_progress, `${harness.name}.few`);
    const before = await eventually(
      async () => {
        const offset = (await harness.storedOffset()) ?? {};
        assert.equal(tablesBeingRead(offset), [`${harness.name}.few`]);
        return offset;
      },
      { timeoutMs: 60_000, intervalMs: 50, what: 'the offset has the snapshot' },
    );
    await kill();
    const after = (await harness.storedOffset()) ?? {};
    assert.equal(tablesBeingRead(after), [`${harness.name}.few`]);
    assert.ok((parseOffset(after).lsn ?? 0n) >= (parseOffset(before).lsn ?? 0n));
  } finally {
    await held.release();
  }
  const end = await notified((one) => isEnd(one) && one.id === id);
  assert.is(end.additional_data.scanned_collection, `${harness.name}.few`);
  assert.is(end.additional_data.status, 'SUCCEEDED');
});

test('a kill right after the last notification: the stored offset is that of the stream, and nothing is skipped', async () => {
  const id = await harness.snapshot('few');
  await notified((one) => isEnd(one) && one.id === id);
  const before = await harness.storedOffset();
  await harness.db.query(`update ${harness.name}.few set value = 1 where id <= 100`);
  await kill();
  const after = (await harness.storedOffset()) ?? {};
  const lsn = parseOffset(after).lsn;
  assert.ok(lsn !== undefined && lsn >= (parseOffset(before ?? {}).lsn ?? 0n));
  // Reads of an incremental snapshot are marked as well, with another word.
  assert.not.equal(after.snapshot, 'INITIAL');
  await eventually(() => assert.is(keys('few', 'update').size, 100), {
    timeoutMs: 60_000,
    intervalMs: 200,
    what: 'every update',
  });
});

test.run();
