import { setImmediate as immediate } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../../eventually.ts';
import { createPartitionQueue, type FetchedRecords } from './partition-queue.ts';

const test = suite('partition queue');

function fetched(...offsets: number[]): FetchedRecords {
  return {
    records: offsets.map((offset) => ({
      topic: 't',
      partition: 0,
      offset: BigInt(offset),
      key: null,
      value: Buffer.alloc(10),
      headers: {},
      timestampMs: 0,
    })),
    nextOffset: BigInt((offsets.at(-1) ?? 0) + 1),
    highWatermark: 100n,
  };
}

/** A queue whose lots end when the test says so. */
function harness() {
  const lots: { offsets: number[]; signal: AbortSignal; end: (error?: Error) => void }[] = [];
  const handled: bigint[] = [];
  const failures: { offset: bigint; attempt: number }[] = [];
  let held = false;
  const queue = createPartitionQueue({
    handle: ({ records }, signal) =>
      new Promise((resolve, reject) => {
        const offsets = records.map(({ offset }) => Number(offset));
        lots.push({ offsets, signal, end: (error) => (error ? reject(error) : resolve()) });
      }),
    onHandled: (nextOffset) => handled.push(nextOffset),
    onFailure: ({ offset, attempt }) => failures.push({ offset, attempt }),
    retryDelayMs: { first: 1, longest: 2 },
    isHeld: () => held,
    maxWaitingBytes: 25,
  });
  const seen = () => lots.map(({ offsets }) => offsets);
  const hold = (value: boolean) => {
    held = value;
    queue.wake();
  };
  return { queue, lots, seen, handled, failures, hold };
}

test('what gathers while a lot is in hand makes the next one', async () => {
  const { queue, lots, seen, handled } = harness();
  queue.push(fetched(1));
  queue.push(fetched(2));
  queue.push(fetched(3, 4));
  assert.equal(seen(), [[1]]);
  lots[0]?.end();
  await eventually(() => lots.length === 2, { what: 'the next lot' });
  assert.equal(seen(), [[1], [2, 3, 4]]);
  lots[1]?.end();
  await eventually(() => handled.length === 2, { what: 'both are handled' });
  assert.equal(handled, [2n, 5n]);
});

test('a lot that fails is given again until it succeeds, and counts its attempts', async () => {
  const { queue, lots, seen, handled, failures } = harness();
  queue.push(fetched(1));
  queue.push(fetched(2));
  lots[0]?.end(new Error('no'));
  await eventually(() => lots.length === 2, { what: 'the second attempt' });
  lots[1]?.end(new Error('no'));
  await eventually(() => lots.length === 3, { what: 'the third attempt' });
  lots[2]?.end();
  await eventually(() => lots.length === 4, { what: 'the lot behind it' });
  assert.equal(seen(), [[1], [1], [1], [2]]);
  assert.equal(failures, [
    { offset: 1n, attempt: 1 },
    { offset: 1n, attempt: 2 },
  ]);
  assert.equal(handled, [2n]);
});

test('there is room until enough bytes wait behind the lot in hand', async () => {
  const { queue, lots } = harness();
  queue.push(fetched(1, 2, 3));
  queue.push(fetched(4, 5));
  await queue.room();
  queue.push(fetched(6));
  let room = false;
  const waiting = queue.room().then(() => {
    room = true;
  });
  await immediate();
  assert.not(room);
  lots[0]?.end();
  await waiting;
});

test('held, nothing is begun; what is in hand ends', async () => {
  const { queue, lots, seen, handled, hold } = harness();
  queue.push(fetched(1));
  hold(true);
  queue.push(fetched(2));
  lots[0]?.end();
  await eventually(() => handled.length === 1, { what: 'the lot in hand' });
  assert.equal(seen(), [[1]]);
  hold(false);
  assert.equal(seen(), [[1], [2]]);
});

test('dropped, what is in hand still counts and what waits does not', async () => {
  const { queue, lots, seen, handled } = harness();
  queue.push(fetched(1));
  queue.push(fetched(2));
  queue.drop();
  await queue.room();
  lots[0]?.end();
  await queue.inHand();
  assert.equal(handled, [2n]);
  assert.equal(seen(), [[1]]);
});

test('aborted, what is in hand is told so and moves no offset; what comes then is handled behind it', async () => {
  const { queue, lots, seen, handled } = harness();
  queue.push(fetched(1));
  queue.abort(new Error('assigned again'));
  assert.ok(lots[0]?.signal.aborted);
  queue.push(fetched(1));
  lots[0]?.end();
  await eventually(() => lots.length === 2, { what: 'the lot that came again' });
  assert.equal(handled, []);
  assert.not(lots[1]?.signal.aborted);
  lots[1]?.end();
  await queue.inHand();
  assert.equal(handled, [2n]);
  assert.equal(seen(), [[1], [1]]);
});

test('a lot that waits to be tried again is forgotten when dropped', async () => {
  const { queue, lots, failures } = harness();
  queue.push(fetched(1));
  lots[0]?.end(new Error('no'));
  await eventually(() => failures.length === 1, { what: 'the failure' });
  queue.drop();
  await queue.inHand();
  assert.is(lots.length, 1);
});

test.run();
