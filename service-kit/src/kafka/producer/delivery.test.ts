import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silentLogger } from '../../process/logging.ts';
import { KafkaError } from '../errors.ts';
import type { RecordToSend, SentRecord } from '../types.ts';
import { createDeliverer, type Delivery } from './delivery.ts';
import type { ProducerSession } from './session.ts';

const test = suite('delivery');

type Answer = (records: readonly RecordToSend[]) => Promise<(SentRecord | undefined)[]>;

const writeAll: Answer = async (records) =>
  records.map(({ topic }, index) => ({
    topic,
    partition: 0,
    offset: BigInt(index),
    timestampMs: null,
  }));
const fail = (
  type: string | undefined,
  options: { name?: string; retriable?: boolean } = {},
): Answer => {
  return () => Promise.reject(Object.assign(new Error(type ?? options.name), { type, ...options }));
};
const hang: Answer = () => new Promise(() => {});

/** Sessions that answer by the given script, one answer per request, `writeAll` after its end. */
function scripted(script: Answer[], { topics = ['t'] }: { topics?: string[] } = {}) {
  const requests: string[][] = [];
  const fenced: number[] = [];
  let sessions = 0;
  let poison: (error: Error) => void = () => {};
  const deliverer = createDeliverer({
    log: silentLogger(),
    countPartitions: async (names) =>
      new Map(names.filter((name) => topics.includes(name)).map((name) => [name, 3])),
    openSession: (onPoisoned) => {
      sessions += 1;
      poison = onPoisoned;
      const id = sessions;
      const session: ProducerSession = {
        send: (records) => {
          requests.push(records.map(({ value }) => value?.toString() ?? ''));
          return (script.shift() ?? writeAll)(records);
        },
        everConnected: () => true,
        lastProblem: () => undefined,
        close: async () => {},
        fence: () => fenced.push(id),
      };
      return { session, connected: Promise.resolve() };
    },
  });
  return { deliverer, requests, fenced, sessions: () => sessions, poison: (e: Error) => poison(e) };
}

function deliveries(values: string[], options: { topic?: string; timeoutMs?: number } = {}) {
  const { topic = 't', timeoutMs = 5_000 } = options;
  const results: string[] = [];
  const items = values.map(
    (value, index): Delivery => ({
      record: { topic, key: null, value: Buffer.from(value) },
      bytes: 1,
      deadlineMs: performance.now() + timeoutMs,
      settle: (result) => {
        results[index] ??= result instanceof KafkaError ? result.code : 'sent';
      },
    }),
  );
  return { items, results };
}

test('one request for a batch, one session for all', async () => {
  const { deliverer, requests, sessions } = scripted([]);
  const { items, results } = deliveries(['a', 'b']);
  await deliverer.deliver(items);
  await deliverer.deliver(items);
  assert.equal(results, ['sent', 'sent']);
  assert.equal(requests, [
    ['a', 'b'],
    ['a', 'b'],
  ]);
  assert.is(sessions(), 1);
});

test('a lost sequence or connection means a new session and the same records again', async () => {
  for (const failure of [
    fail('OUT_OF_ORDER_SEQUENCE_NUMBER'),
    fail('UNKNOWN_PRODUCER_ID'),
    fail(undefined, { name: 'KafkaJSConnectionError' }),
    fail('NOT_ENOUGH_REPLICAS', { retriable: true }),
  ]) {
    const { deliverer, requests, fenced } = scripted([failure]);
    const { items, results } = deliveries(['a', 'b']);
    await deliverer.deliver(items);
    assert.equal(results, ['sent', 'sent']);
    assert.equal(requests, [
      ['a', 'b'],
      ['a', 'b'],
    ]);
    assert.equal(fenced, [1], 'the old session can write nothing any more');
  }
});

test('a record that is refused fails alone', async () => {
  const refuseB: Answer = (records) =>
    records.some(({ value }) => value?.toString() === 'b')
      ? fail('MESSAGE_TOO_LARGE')(records)
      : writeAll(records);
  const { deliverer } = scripted(Array.from({ length: 4 }, () => refuseB));
  const { items, results } = deliveries(['a', 'b', 'c']);
  await deliverer.deliver(items);
  assert.equal(results, ['sent', 'RECORD_TOO_LARGE', 'sent']);
});

test('a record that no broker answered for is sent again, the others are not', async () => {
  const forgetSecond: Answer = async (records) =>
    (await writeAll(records)).map((sent, index) => (index === 1 ? undefined : sent));
  const { deliverer, requests, sessions } = scripted([forgetSecond]);
  const { items, results } = deliveries(['a', 'b', 'c']);
  await deliverer.deliver(items);
  assert.equal(results, ['sent', 'sent', 'sent']);
  assert.equal(requests, [['a', 'b', 'c'], ['b']]);
  assert.is(sessions(), 1);
});

test('at the deadline the caller hears that it is not known, and nothing is written later', async () => {
  const { deliverer, fenced } = scripted([hang]);
  const { items, results } = deliveries(['a'], { timeoutMs: 30 });
  await deliverer.deliver(items);
  assert.equal(results, ['INDEFINITE']);
  assert.equal(fenced, [1]);
  assert.not(deliverer.isHealthy());
});

test('without a connection it is known that nothing was written', async () => {
  let fenced = false;
  const deliverer = createDeliverer({
    log: silentLogger(),
    countPartitions: async () => new Map([['t', 1]]),
    openSession: () => ({
      connected: new Promise(() => {}),
      session: {
        send: writeAll,
        everConnected: () => false,
        lastProblem: () => undefined,
        close: async () => {},
        fence: () => {
          fenced = true;
        },
      },
    }),
  });
  const { items, results } = deliveries(['a'], { timeoutMs: 30 });
  await deliverer.deliver(items);
  assert.equal(results, ['UNAVAILABLE']);
  assert.ok(fenced);
});

test('an attempt that was given up does not begin again by itself', async () => {
  let found: (topics: Map<string, number>) => void = () => {};
  let opened = 0;
  const deliverer = createDeliverer({
    log: silentLogger(),
    countPartitions: () =>
      new Promise((resolve) => {
        found = resolve;
      }),
    openSession: () => {
      opened += 1;
      throw new Error('must not be opened');
    },
  });
  const { items, results } = deliveries(['a'], { timeoutMs: 20 });
  await deliverer.deliver(items);
  found(new Map([['t', 1]]));
  await new Promise(setImmediate);
  assert.equal(results, ['UNAVAILABLE']);
  assert.is(opened, 0);
});

test('an unknown topic never reaches a session', async () => {
  const { deliverer, requests } = scripted([]);
  const unknown = deliveries(['a'], { topic: 'missing' });
  const known = deliveries(['b']);
  await deliverer.deliver([...unknown.items, ...known.items]);
  assert.equal(unknown.results, ['UNKNOWN_TOPIC']);
  assert.equal(known.results, ['sent']);
  assert.equal(requests, [['b']]);
});

test('a session caught in endless retries is replaced', async () => {
  const { deliverer, requests, fenced, poison } = scripted([hang]);
  const { items, results } = deliveries(['a']);
  const delivering = deliverer.deliver(items);
  await new Promise(setImmediate);
  poison(Object.assign(new Error('gone'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }));
  await delivering;
  assert.equal(results, ['sent']);
  assert.equal(requests, [['a'], ['a']]);
  assert.equal(fenced, [1]);
});

test('halting answers for what is in flight', async () => {
  const { deliverer } = scripted([hang]);
  const { items, results } = deliveries(['a']);
  const delivering = deliverer.deliver(items);
  await new Promise(setImmediate);
  deliverer.halt();
  await delivering;
  assert.equal(results, ['INDEFINITE']);
});

test.run();
