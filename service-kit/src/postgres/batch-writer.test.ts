import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createBatchWriter } from './batch-writer.ts';

function writerOver(
  write: (items: readonly string[]) => Promise<readonly string[]>,
  maxItems = 100,
) {
  const waits: number[] = [];
  const writer = createBatchWriter({
    write,
    maxItems,
    isOutage: (error) => error instanceof Error && error.message === 'outage',
    onOutage: () => {},
    backoff: async (attempt) => {
      waits.push(attempt);
    },
  });
  return { writer, waits };
}

test('what arrives during a write is written together by the next one', async () => {
  const writes: string[][] = [];
  const { writer } = writerOver(async (items) => {
    writes.push([...items]);
    await Promise.resolve();
    return items.map((item) => item.toUpperCase());
  });
  const results = await Promise.all([
    writer.submit(['a']),
    writer.submit(['b', 'c']),
    writer.submit(['d']),
  ]);
  assert.equal(results, [['A'], ['B', 'C'], ['D']]);
  assert.equal(writes, [['a'], ['b', 'c', 'd']]);
});

test('a write holds whole submissions up to the limit, and at least one', async () => {
  const writes: string[][] = [];
  const { writer } = writerOver(async (items) => {
    writes.push([...items]);
    return items;
  }, 2);
  await Promise.all([
    writer.submit(['a']),
    writer.submit(['b', 'c', 'd']),
    writer.submit(['e', 'f']),
    writer.submit(['g']),
  ]);
  assert.equal(writes, [['a'], ['b', 'c', 'd'], ['e', 'f'], ['g']]);
});

test('an outage is waited out and loses nothing', async () => {
  let failures = 2;
  const { writer, waits } = writerOver(async (items) => {
    if (failures > 0) {
      failures -= 1;
      throw new Error('outage');
    }
    return items;
  });
  assert.equal(await writer.submit(['a']), ['a']);
  assert.equal(waits, [1, 2]);
});

test('what gathered during an outage is written with what it interrupted', async () => {
  const writes: string[][] = [];
  let down = true;
  const { writer } = writerOver(async (items) => {
    writes.push([...items]);
    await Promise.resolve();
    if (down) {
      down = false;
      throw new Error('outage');
    }
    return items;
  });
  const results = await Promise.all([writer.submit(['a']), writer.submit(['b'])]);
  assert.equal(results, [['a'], ['b']]);
  assert.equal(writes, [['a'], ['a', 'b']]);
});

test('a write that fails for another reason rejects what it held, and the next one goes on', async () => {
  const { writer } = writerOver(async (items) => {
    if (items.includes('bad')) throw new Error('constraint');
    return items;
  }, 1);
  const fates = await Promise.allSettled([
    writer.submit(['a']),
    writer.submit(['bad']),
    writer.submit(['c']),
  ]);
  assert.equal(
    fates.map((fate) => fate.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test.run();
