// Positions stand on what Debezium means by `source.sequence` (docs/decisions/positions-and-epochs.md). This asks the real connector:
// for every two records of one key, is the order of their positions the order of their commits?
import { Readable } from 'node:stream';
import { pipeline as pipeStreams } from 'node:stream/promises';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CaptureHarness, openCaptureHarness } from '../support/capture-harness.ts';
import { orderProblems, redeliveries } from '../support/commit-order.ts';
import { sharedStack } from '../support/test-stack.ts';

const TABLE = 'versioned';

const test = suite('order of positions');
let harness: CaptureHarness;
let lastValue = 0;
/** Every commit this file made: what a key's value became. */
const commits = new Map<string, (number | null)[]>();

test.before(async () => {
  harness = await openCaptureHarness();
  await harness.db.query(`create table ${harness.name}.${TABLE} (id text primary key, value int)`);
  for (const key of ['early-1', 'early-2', 'early-3']) await write(key);
  await harness.capture([TABLE]);
});
test.after(() => harness.close());

test('reads of the initial snapshot, and first updates with a killed Connect between them', async () => {
  await write('early-1');
  await eventually(() => harness.changes(TABLE).some(({ key }) => key === 'early-1'), {
    timeoutMs: 60_000,
    what: 'the snapshot',
  });
  const stack = await sharedStack();
  stack.kill('connect');
  await write('early-2');
  await inOrder();
});

test('one update after the other', async () => {
  for (let nr = 0; nr < 10; nr += 1) await write('plain');
  await inOrder();
});

test('several changes of a row in one transaction', async () => {
  await inTransaction(async (tx) => {
    await tx.write('busy');
    await tx.write('busy');
    await tx.remove('busy');
    await tx.write('busy');
    await tx.write('busy');
  });
  await inOrder();
});

test('a transaction that begins first and commits last', async () => {
  await write('contested');
  const [first, second] = [await begin(), await begin()];
  await first.write('own');
  await second.write('contested');
  await first.write('own');
  await second.write('other');
  await second.commit();
  await first.write('contested');
  await first.commit();
  await inOrder();
});

test('a transaction open across an incremental snapshot of its row', async () => {
  await write('raced');
  await inOrder();
  const open = await begin();
  await open.write('raced');
  await write('bystander');
  const readsBefore = readsOf('raced');
  await harness.snapshot(TABLE);
  await eventually(() => readsOf('raced') > readsBefore, { timeoutMs: 60_000, what: 'the read' });
  await open.write('raced');
  await open.commit();
  await inOrder();
});

test('COPY, whose rows share their log position with each other', async () => {
  const keys = Array.from({ length: 500 }, (_, nr) => `copied-${nr}`);
  const value = nextValue();
  const client = await harness.db.connect();
  try {
    await pipeStreams(
      Readable.from(keys.map((key) => `${key}\t${value}\n`)),
      client.query(copyFrom(`copy ${harness.name}.${TABLE} (id, value) from stdin`)),
    );
  } finally {
    client.release();
  }
  for (const key of keys) note(key, value);
  for (const key of keys.slice(0, 20)) await write(key);
  await inOrder();
});

test('a primary key that changes, and changes back in the same transaction', async () => {
  await write('here');
  await rename('here', 'there');
  await rename('there', 'here');
  await inTransaction(async (tx) => {
    await tx.rename('here', 'there');
    await tx.rename('there', 'here');
    await tx.write('here');
  });
  await inOrder();
});

test('what Connect sends again after it was killed has the same ids and positions', async () => {
  const stack = await sharedStack();
  for (let kills = 0; redeliveries(harness.changes(TABLE)).repeated === 0; kills += 1) {
    assert.ok(kills < 4, 'Connect sent nothing again, however often it was killed');
    for (let nr = 0; nr < 30; nr += 1) {
      const [long, short] = [await begin(), await begin()];
      await long.write(`burst-${nr % 3}`);
      await short.write(`burst-${3 + (nr % 3)}`);
      await short.commit();
      await long.write(`burst-${6 + (nr % 3)}`);
      await long.commit();
    }
    await inOrder();
    stack.kill('connect');
    for (let nr = 0; nr < 9; nr += 1) await write(`burst-${nr}`);
    await inOrder();
  }
  const { repeated, inconsistent } = redeliveries(harness.changes(TABLE));
  console.log(`# ${repeated} changes were sent again`);
  assert.equal(inconsistent, []);
});

/** Waits until all that was committed is captured, and in its order. */
async function inOrder(): Promise<void> {
  await eventually(
    () => assert.equal(orderProblems(harness.changes(TABLE), commits).slice(0, 5), []),
    { timeoutMs: 120_000, intervalMs: 100, what: 'every commit, by position in its order' },
  );
}

interface Transaction {
  write(key: string): Promise<void>;
  remove(key: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  commit(): Promise<void>;
}

async function begin(): Promise<Transaction> {
  const client: PoolClient = await harness.db.connect();
  const table = `${harness.name}.${TABLE}`;
  const done: [string, number | null][] = [];
  await client.query('begin');
  return {
    async write(key) {
      const value = nextValue();
      await client.query(
        `insert into ${table} values ($1, $2) on conflict (id) do update set value = excluded.value`,
        [key, value],
      );
      done.push([key, value]);
    },
    async remove(key) {
      await client.query(`delete from ${table} where id = $1`, [key]);
      done.push([key, null]);
    },
    async rename(from, to) {
      const value = nextValue();
      await client.query(`update ${table} set id = $2, value = $3 where id = $1`, [
        from,
        to,
        value,
      ]);
      done.push([from, null], [to, value]);
    },
    async commit() {
      await client.query('commit');
      client.release();
      for (const [key, value] of done) note(key, value);
    },
  };
}

async function inTransaction(work: (tx: Transaction) => Promise<void>): Promise<void> {
  const tx = await begin();
  await work(tx);
  await tx.commit();
}

function write(key: string): Promise<void> {
  return inTransaction((tx) => tx.write(key));
}

function rename(from: string, to: string): Promise<void> {
  return inTransaction((tx) => tx.rename(from, to));
}

function note(key: string, value: number | null): void {
  const values = commits.get(key);
  if (values === undefined) commits.set(key, [value]);
  else values.push(value);
}

function nextValue(): number {
  lastValue += 1;
  return lastValue;
}

function readsOf(wanted: string): number {
  return harness.changes(TABLE).filter(({ key, op }) => key === wanted && op === 'read').length;
}

test.run();
