import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createMicroBatcher } from './micro-batcher.ts';

const test = suite('micro-batcher');

/** A receiver that answers when it is told to. */
function controlled(limits: { bytes?: number; items?: number; queued?: number } = {}) {
  const batches: number[][] = [];
  const answers: (() => void)[] = [];
  const batcher = createMicroBatcher<number>({
    bytesOf: (size) => size,
    maxBatchBytes: limits.bytes ?? 100,
    maxBatchItems: limits.items ?? 100,
    maxQueuedBytes: limits.queued ?? 1_000,
    deliver: (items) => {
      batches.push([...items]);
      return new Promise((answer) => answers.push(answer));
    },
  });
  const turn = async () => {
    await new Promise(setImmediate);
    await new Promise(setImmediate); // a batch is sent in the turn after the answer to the last
  };
  return {
    batcher,
    batches,
    turn,
    answer: async () => {
      answers.shift()?.();
      await turn();
    },
  };
}

test('what comes alone goes at once; what comes meanwhile goes together', async () => {
  const { batcher, batches, turn, answer } = controlled();

  void batcher.add([1]);
  await turn();
  void batcher.add([2]);
  void batcher.add([3, 4]);
  await turn();
  assert.equal(batches, [[1]]);
  await answer();

  assert.equal(batches, [[1], [2, 3, 4]]);
});

test('batches are bounded in bytes and items, and a large item travels alone', async () => {
  const { batcher, batches, turn, answer } = controlled({ bytes: 10, items: 3 });

  void batcher.add([4, 4, 4, 50, 1, 1, 1, 1]);
  await turn();
  for (let round = 0; round < 5; round += 1) await answer();

  assert.equal(batches, [[4, 4], [4], [50], [1, 1, 1], [1]]);
});

test('a full queue makes callers wait, in order', async () => {
  const { batcher, batches, turn, answer } = controlled({ bytes: 10, queued: 10 });
  const admitted: string[] = [];

  for (const [name, size] of [
    ['a', 8],
    ['b', 8],
    ['c', 1],
  ] as const) {
    void batcher.add([size]).then(() => admitted.push(name));
  }
  await turn();
  // `a` is in flight, which made room for `b`; `c` fits, too.
  assert.equal(admitted, ['a', 'b', 'c']);

  void batcher.add([9]).then(() => admitted.push('d'));
  void batcher.add([1]).then(() => admitted.push('e'));
  await turn();
  assert.equal(admitted, ['a', 'b', 'c'], 'e would fit, but d is before it');
  await answer();
  assert.equal(admitted, ['a', 'b', 'c', 'd', 'e']);
  await answer();
  assert.equal(batches, [[8], [8, 1], [9, 1]]);
});

test('idle when everything was answered', async () => {
  const { batcher, turn, answer } = controlled({ items: 1 });
  let idle = false;
  void batcher.add([1, 2]);
  void batcher.idle().then(() => {
    idle = true;
  });
  await turn();
  await answer();
  assert.not(idle);
  await answer();
  assert.ok(idle);
  await batcher.idle();
});

test('gives back what is not in flight, waiting callers included', async () => {
  const { batcher, batches, turn, answer } = controlled({ items: 1, queued: 2 });
  void batcher.add([1]);
  void batcher.add([2]);
  void batcher.add([3]);
  await turn();

  assert.equal(batcher.drainQueue(), [2, 3]);
  await answer();
  assert.equal(batches, [[1]]);
  await batcher.idle();
});

test.run();
