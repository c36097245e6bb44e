import type { FetchRequest, FetchResponse } from 'kafkajs/src/broker/index.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createSharedFetches, type SharedFetchesOptions } from './shared-fetches.ts';

const test = suite('shared fetches');
const SECOND_MS = 1_000;

/** A partition's log, and what it is asked for; a fetch is answered when there is something to answer it with. */
function createLog() {
  const written: string[][] = [[], []];
  const asked: string[] = [];
  let waiting: { request: FetchRequest; answer: (response: FetchResponse) => void }[] = [];
  let failure: Error | undefined;

  function read({ topics }: FetchRequest): FetchResponse {
    const responses = topics.map(({ topic, partitions }) => ({
      topicName: topic,
      partitions: partitions.flatMap(({ partition, fetchOffset }) => {
        const messages = (written[partition] ?? []).slice(Number(fetchOffset));
        if (messages.length === 0) return [];
        return [
          {
            partition,
            highWatermark: String(written[partition]?.length),
            abortedTransactions: [],
            messages: messages.map((value, index) => message(Number(fetchOffset) + index, value)),
          },
        ];
      }),
    }));
    return { errorCode: 0, sessionId: 0, responses };
  }

  const isEmpty = ({ responses }: FetchResponse) =>
    responses.every(({ partitions }) => partitions.length === 0);

  return {
    asked,
    write(partition: number, ...values: string[]) {
      written[partition]?.push(...values);
      const asking = waiting;
      waiting = [];
      for (const { request, answer } of asking) {
        const response = read(request);
        if (isEmpty(response)) waiting.push({ request, answer });
        else answer(response);
      }
    },
    fail(error: Error | undefined) {
      failure = error;
    },
    /** Nothing came within the wait. */
    timeOut() {
      const asking = waiting;
      waiting = [];
      for (const { request, answer } of asking) answer(read(request));
    },
    as: (name: string) => async (request: FetchRequest) => {
      asked.push(
        `${name} ${request.topics
          .flatMap((topic) => topic.partitions.map((one) => `${one.partition}@${one.fetchOffset}`))
          .sort()
          .join(' ')}`,
      );
      if (failure !== undefined) throw failure;
      const response = read(request);
      if (!isEmpty(response)) return response;
      return await new Promise<FetchResponse>((answer) => waiting.push({ request, answer }));
    },
  };
}

function message(offset: number, value: string) {
  return {
    key: null,
    value: Buffer.from(value),
    timestamp: '0',
    attributes: 0,
    offset: String(offset),
    headers: {},
  };
}

function from(offsets: Readonly<Record<number, number>>): FetchRequest {
  return {
    isolationLevel: 1,
    maxWaitTime: 500,
    minBytes: 1,
    maxBytes: 1_000_000,
    topics: [
      {
        topic: 'products',
        partitions: Object.entries(offsets).map(([partition, offset]) => ({
          partition: Number(partition),
          fetchOffset: String(offset),
          maxBytes: 1_000,
        })),
      },
    ],
  };
}

function read({ responses }: FetchResponse): string[] {
  return responses.flatMap(({ partitions }) =>
    partitions.flatMap(({ partition, messages }) =>
      messages.map(({ offset, value }) => `${partition}@${offset} ${value}`),
    ),
  );
}

/** An answer about partition 0. */
function given(
  offset: number,
  values: readonly string[],
  abortedTransactions: readonly unknown[] = [],
): FetchResponse {
  const messages = values.map((value, index) => message(offset + index, value));
  const partitions = [{ partition: 0, highWatermark: '100', messages, abortedTransactions }];
  return { errorCode: 0, sessionId: 0, responses: [{ topicName: 'products', partitions }] };
}

/** A broker that answers when it is told to. */
function deferred() {
  let answer: (response: FetchResponse) => void = () => {};
  const response = new Promise<FetchResponse>((resolve) => {
    answer = resolve;
  });
  return { ask: () => response, answer: (given: FetchResponse) => answer(given) };
}

const unasked = () => Promise.reject(new Error('the broker was asked'));
const inventory = { name: 'inventory' };
const catalogue = { name: 'catalogue' };
const pricing = { name: 'pricing' };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Both have asked once, so that each knows of the other. */
async function together(log: ReturnType<typeof createLog>, options: SharedFetchesOptions = {}) {
  const shared = createSharedFetches({ nowMs: () => 0, ...options });
  log.write(0, 'first');
  await shared.fetch(catalogue, from({ 0: 0 }), log.as('catalogue'));
  await shared.fetch(pricing, from({ 0: 0 }), log.as('pricing'));
  log.asked.length = 0;
  return shared;
}

test('a single member fetches for itself', async () => {
  const log = createLog();
  const shared = createSharedFetches();
  log.write(0, 'a');
  assert.equal(read(await shared.fetch(catalogue, from({ 0: 0 }), log.as('catalogue'))), ['0@0 a']);
  assert.equal(log.asked, ['catalogue 0@0']);
});

test('those at the end wait for one fetch, and get the same', async () => {
  const log = createLog();
  const shared = await together(log);
  const answers = [
    shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue')),
    shared.fetch(pricing, from({ 0: 1 }), log.as('pricing')),
  ];
  await settled();
  log.write(0, 'a');
  assert.equal((await Promise.all(answers)).map(read), [['0@1 a'], ['0@1 a']]);
  assert.equal(log.asked, ['catalogue 0@1']);
});

test('who comes later gets what another has fetched, as much as it takes at once', async () => {
  const log = createLog();
  const shared = await together(log);
  for (const [offset, value] of ['a', 'b', 'c'].entries()) {
    log.write(0, value.repeat(400));
    await shared.fetch(catalogue, from({ 0: offset + 1 }), log.as('catalogue'));
  }
  log.asked.length = 0;
  const answer = read(await shared.fetch(pricing, from({ 0: 1 }), log.as('pricing')));
  assert.equal(
    answer.map((line) => line.slice(0, 5)),
    ['0@1 a', '0@2 b'],
  );
  assert.equal(log.asked, []);
});

test('who is far behind asks by itself, and the others wait on', async () => {
  const log = createLog();
  const shared = await together(log, { maxBytesPerPartition: 1 });
  log.write(0, 'second');
  await shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue'));
  log.asked.length = 0;
  const waits = shared.fetch(catalogue, from({ 0: 2, 1: 0 }), log.as('catalogue'));
  await settled();
  const behind = { name: 'rebuilt' };
  assert.equal(read(await shared.fetch(behind, from({ 0: 0 }), log.as('rebuilt'))), [
    '0@0 first',
    '0@1 second',
  ]);
  assert.equal(log.asked, ['catalogue 0@2 1@0', 'rebuilt 0@0']);
  log.write(1, 'a');
  assert.equal(read(await waits), ['1@0 a']);
});

test('what the fetch under way does not cover is asked for at once', async () => {
  const log = createLog();
  const shared = await together(log);
  const waits = shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue'));
  await settled();
  log.write(1, 'a');
  assert.equal(read(await shared.fetch(pricing, from({ 0: 1, 1: 0 }), log.as('pricing'))), [
    '1@0 a',
  ]);
  log.write(0, 'b');
  assert.equal(read(await waits), ['0@1 b']);
});

test('read-ahead is at most one fetch beyond any member', async () => {
  const log = createLog();
  const shared = await together(log);
  const waits = shared.fetch(catalogue, from({ 1: 0 }), log.as('catalogue'));
  await settled();
  log.write(1, 'a');
  await waits;
  // pricing wants partition 0 and is busy: it is fetched once, and then left alone
  log.write(0, 'b');
  const next = shared.fetch(catalogue, from({ 1: 1 }), log.as('catalogue'));
  await settled();
  await settled();
  assert.equal(log.asked.slice(-2), ['catalogue 0@1 1@1', 'catalogue 1@1']);
  log.write(0, 'c');
  await settled();
  assert.is(log.asked.length, 3);
  log.write(1, 'd');
  assert.equal(read(await next), ['1@1 d']);
});

test('after an error everybody asks by itself and is told its own; nothing is kept', async () => {
  const log = createLog();
  const shared = await together(log);
  log.fail(new Error('no such topic'));
  const answers = await Promise.allSettled([
    shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue')),
    shared.fetch(pricing, from({ 0: 1 }), log.as('pricing')),
  ]);
  assert.equal(
    answers.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(log.asked, ['catalogue 0@1', 'catalogue 0@1', 'pricing 0@1']);
  log.fail(undefined);
  log.asked.length = 0;
  assert.equal(read(await shared.fetch(pricing, from({ 0: 0 }), log.as('pricing'))), ['0@0 first']);
  assert.equal(log.asked, ['pricing 0@0']);
});

test('where the shared fetch hangs, no member waits longer than for a fetch of its own, and the next asks', async () => {
  const log = createLog();
  let nowMs = 0;
  const shared = await together(log, { nowMs: () => nowMs });
  const hangs = () => new Promise<FetchResponse>(() => {});
  const soon = { ...from({ 0: 1 }), maxWaitTime: 10 };
  void shared.fetch(catalogue, soon, hangs);
  const waits = shared.fetch(pricing, soon, log.as('pricing'));
  nowMs += 300;
  assert.equal(read(await waits), []);
  const next = shared.fetch(pricing, soon, log.as('pricing'));
  await settled();
  log.write(0, 'a');
  assert.equal(read(await next), ['0@1 a']);
  assert.equal(log.asked, ['pricing 0@1']);
});

test('answers of different lengths to one offset give each record once, in order', async () => {
  const shared = await together(createLog());
  const forAll = deferred();
  const forOne = deferred();
  const first = shared.fetch(catalogue, from({ 0: 1 }), forAll.ask);
  const second = shared.fetch(pricing, from({ 0: 1, 1: 0 }), forOne.ask);
  forAll.answer(given(1, ['a', 'b']));
  forOne.answer(given(1, ['a', 'b', 'c']));
  await Promise.all([first, second]);
  assert.equal(read(await shared.fetch(inventory, from({ 0: 1 }), unasked)), [
    '0@1 a',
    '0@2 b',
    '0@3 c',
  ]);
});

test('what was aborted counts for those who began where it was asked for', async () => {
  const shared = await together(createLog());
  const answer = given(1, ['a', 'aborted', 'c'], [{ producerId: '7', firstOffset: '2' }]);
  await shared.fetch(catalogue, from({ 0: 1 }), async () => answer);
  assert.is(read(await shared.fetch(pricing, from({ 0: 1 }), unasked)).length, 3);
  const asked: string[] = [];
  await shared.fetch(inventory, from({ 0: 3 }), async (request) => {
    asked.push(...request.topics.flatMap((topic) => topic.partitions.map(String)));
    return given(3, ['c']);
  });
  assert.is(asked.length, 1);
});

test('what is kept is forgotten in seconds: the topic may be another by then', async () => {
  const log = createLog();
  let nowMs = 0;
  const shared = await together(log, { nowMs: () => nowMs });
  nowMs += 1_500;
  void shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue'));
  nowMs += 1_000;
  log.asked.length = 0;
  await shared.fetch(pricing, from({ 0: 0 }), log.as('pricing'));
  assert.equal(log.asked, ['pricing 0@0']);
});

test('a partition that is behind is asked for, also while others have something kept', async () => {
  const log = createLog();
  const shared = await together(log, { maxBytesPerPartition: 1 });
  log.write(0, 'b');
  log.write(1, 'c');
  await shared.fetch(catalogue, from({ 0: 1, 1: 0 }), log.as('catalogue'));
  log.asked.length = 0;
  const answer = await shared.fetch(pricing, from({ 0: 0, 1: 0 }), log.as('pricing'));
  assert.equal(read(answer), ['0@0 first', '0@1 b', '1@0 c']);
  assert.equal(log.asked, ['pricing 0@0 1@0']);
});

test('an answer of nothing but what lies before the offset is left to who asked', async () => {
  const shared = await together(createLog());
  let asked = 0;
  const compacted = async () => {
    asked += 1;
    return given(0, ['first']);
  };
  const answers = await Promise.all([
    shared.fetch(catalogue, from({ 0: 1 }), compacted),
    shared.fetch(pricing, from({ 0: 1 }), compacted),
  ]);
  assert.equal(answers.map(read), [['0@0 first'], ['0@0 first']]);
  assert.is(asked, 3);
});

test('an empty answer is given when the wait is over, and who no longer asks is forgotten', async () => {
  const log = createLog();
  let nowMs = 0;
  const shared = await together(log, { nowMs: () => nowMs });
  const waits = shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue'));
  await settled();
  nowMs += 500;
  log.timeOut();
  assert.equal(read(await waits), []);
  nowMs += 3 * SECOND_MS;
  const alone = shared.fetch(catalogue, from({ 0: 1 }), log.as('catalogue'));
  await settled();
  log.write(0, 'a');
  assert.equal(read(await alone), ['0@1 a']);
});

test.run();
