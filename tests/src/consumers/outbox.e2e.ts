import { setTimeout as delay } from 'node:timers/promises';
import type { OutgoingMessage } from '@shelfcast/consumers/internals/runtime/outbox/outbox';
import { writeOutbox } from '@shelfcast/consumers/internals/runtime/outbox/outbox';
import { startStack } from '@shelfcast/local/stack';
import { DEFAULT_MAX_RECORD_BYTES } from '@shelfcast/schemas/limits';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { type OutboxHarness, openOutboxHarness } from '../support/outbox-harness.ts';
import { clearOwnStack } from '../support/own-stack.ts';
import { readTopics } from '../support/topic-reader.ts';

const test = suite<{ harness: OutboxHarness }>('outbox');

test.before.each(async (context) => {
  context.harness = await openOutboxHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
});
test.after.each(async ({ harness }) => {
  await harness.close();
});

test('messages arrive once, in the order of their key, thousands a second', async ({ harness }) => {
  const topic = await harness.kafka.newTopic({ partitions: 3 });
  const warm = await harness.kafka.newTopic({ partitions: 1 });
  await harness.startRelay();
  await harness.publish(numbered(warm, 0, 2_000));
  await harness.sent();

  const startedMs = performance.now();
  for (let nr = 0; nr < 20; nr += 1) await harness.publish(numbered(topic, nr * 1_000, 1_000));
  await harness.sent();
  const perSecond = Math.round(20_000 / ((performance.now() - startedMs) / 1000));

  const values = await harness.valuesByKey(topic);
  assert.is(values.size, KEYS);
  for (const [key, ofKey] of values) assert.equal(ofKey, expected(key, 20_000), key);
  console.log(`${perSecond} messages/s written and relayed`);
  assert.ok(perSecond >= 1_000, `${perSecond} messages/s`); // on a machine that others use as well
});

test('a message goes out when its transaction commits, and never when it does not', async ({
  harness,
}) => {
  const topic = await harness.kafka.newTopic({ partitions: 1 });
  await harness.startRelay();
  await inTransaction(harness.pool, async (tx) => {
    await writeOutbox(tx, 'test', [message(topic, 'k', 'rolled back')]);
    throw new Error('no');
  }).catch(() => {});

  await harness.publish([
    {
      topic,
      key: Buffer.from([0, 255]),
      value: Buffer.from([1, 0, 254]),
      headers: { ce_id: 'ü', nul: 'a\u0000b', epoch: Buffer.from([0, 200]) },
    },
    { topic, key: null, value: null },
  ]);
  await harness.sent();

  const [first, second, ...more] = await readTopics(harness.kafka.kafka, [topic]);
  assert.equal(more, []);
  assert.equal(first?.key, Buffer.from([0, 255]));
  assert.equal(first?.value, Buffer.from([1, 0, 254]));
  assert.equal(first?.headers, {
    ce_id: [Buffer.from('ü')],
    nul: [Buffer.from('a\u0000b')],
    epoch: [Buffer.from([0, 200])],
  });
  assert.is(second?.key, null);
  assert.is(second?.value, null);
});

test('a relay that is cut off between sending and deleting repeats, and loses and turns round nothing', async ({
  harness,
}) => {
  const topic = await harness.kafka.newTopic({ partitions: 3 });
  for (let nr = 0; nr < 10; nr += 1) await harness.publish(numbered(topic, nr * 500, 500));
  let cuts = 0;
  await harness.startRelay(
    interposed(harness.kafka.kafka, async () => {
      if (cuts >= 3) return;
      cuts += 1;
      await cutRelaySession(harness);
    }),
  );

  await harness.sent();

  assert.is(cuts, 3);
  const values = await harness.valuesByKey(topic);
  const all = [...values.values()].flat();
  assert.ok(all.length > 5_000, 'something was sent twice');
  for (const [key, ofKey] of values) {
    assert.equal([...new Set(ofKey)], expected(key, 5_000), `first arrivals of ${key}`);
  }
});

test('one relay at a time; another takes over when it ends', async ({ harness }) => {
  const topic = await harness.kafka.newTopic({ partitions: 1 });
  const senders: string[] = [];
  const through = (name: string) =>
    interposed(harness.kafka.kafka, async () => void senders.push(name));
  const first = await harness.startRelay(through('first'));
  await harness.publish([message(topic, 'k', '0')]);
  await harness.sent();
  await harness.startRelay(through('second'));
  for (const value of ['1', '2', '3']) {
    await harness.publish([message(topic, 'k', value)]);
    await harness.sent();
  }
  assert.equal(new Set(senders), new Set(['first']));

  await first.stop();
  const stoppedMs = performance.now();
  await harness.publish([message(topic, 'k', '4')]);
  await harness.sent();

  const takeoverMs = Math.round(performance.now() - stoppedMs);
  console.log(`taken over after ${takeoverMs} ms`);
  assert.ok(takeoverMs < 3_000);
  assert.is(senders.at(-1), 'second');
  assert.equal((await harness.valuesByKey(topic)).get('k'), ['0', '1', '2', '3', '4']);
});

test('a message that is too large stays behind with its error; the others do not wait for it', async ({
  harness,
}) => {
  const topic = await harness.kafka.newTopic({
    partitions: 1,
    configs: { 'max.message.bytes': '2000' },
  });
  await harness.startRelay();

  await harness.publish([
    message(topic, 'k', '1'),
    { topic, key: 'k', value: Buffer.alloc(3_000, 1) }, // the topic's limit, which only the broker knows
    { topic, key: 'k', value: Buffer.alloc(DEFAULT_MAX_RECORD_BYTES + 1) }, // our own
    message(topic, 'k', '2'),
  ]);
  await harness.sent();

  assert.equal((await harness.valuesByKey(topic)).get('k'), ['1', '2']);
  const queue = await harness.queue();
  assert.equal(
    queue.map(({ state }) => state),
    ['refused', 'refused'],
  );
  for (const { error } of queue) assert.match(error ?? '', /larger|MAX_RECORD_BYTES/);
});

test('messages for a topic that does not exist are held, and arrive in order when it does', async ({
  harness,
}) => {
  const [missing, good] = [
    harness.kafka.uniqueName('missing'),
    await harness.kafka.newTopic({ partitions: 1 }),
  ];
  await harness.startRelay();

  for (const value of ['1', '2', '3']) {
    await harness.publish([message(missing, 'k', value), message(good, 'k', value)]);
    await harness.sent();
  }

  assert.equal((await harness.valuesByKey(good)).get('k'), ['1', '2', '3']);
  const queue = await harness.queue();
  assert.equal(
    queue.map(({ state }) => state),
    ['held', 'held', 'held'],
  );
  assert.match(queue[0]?.error ?? '', 'does not exist');

  await harness.kafka.newTopic({ name: missing, partitions: 3 });
  await eventually(async () => assert.equal(await harness.queue(), []), {
    timeoutMs: 40_000,
    what: 'held messages are sent',
  });
  assert.equal((await harness.valuesByKey(missing)).get('k'), ['1', '2', '3']);
});

test('a topic that is deleted under the relay holds up no other', async ({ harness }) => {
  const doomed = await harness.kafka.newTopic({ partitions: 1 });
  const good = await harness.kafka.newTopic({ partitions: 1 });
  await harness.startRelay();
  await harness.publish([message(doomed, 'k', '1'), message(good, 'k', '1')]);
  await harness.sent();

  await harness.kafka.admin.deleteTopics([doomed]);
  await harness.publish([message(doomed, 'k', '2'), message(good, 'k', '2')]);
  await harness.sent();

  // The request that held both may have been half written when it failed: then `2` is there twice.
  const values = (await harness.valuesByKey(good)).get('k');
  assert.equal([...new Set(values)], ['1', '2']);
});

test('the database going away again and again costs time only', async ({ harness }) => {
  const topic = await harness.kafka.newTopic({ partitions: 3 });
  await harness.startRelay();
  let over = false;
  const trouble = (async () => {
    while (!over) {
      await cutRelaySession(harness);
      await delay(30);
    }
  })();

  for (let nr = 0; nr < 20; nr += 1) await harness.publish(numbered(topic, nr * 100, 100));
  await eventually(async () => assert.ok((await harness.queue()).length < 2_000), {
    timeoutMs: 30_000,
    what: 'some are sent all the same',
  });
  over = true;
  await trouble;
  await harness.sent();

  for (const [key, ofKey] of await harness.valuesByKey(topic)) {
    assert.equal([...new Set(ofKey)], expected(key, 2_000), key);
  }
});

test('Kafka being killed costs time only', async () => {
  const stack = await startStack({ ...(await clearOwnStack()), services: ['kafka'] });
  const harness = await openOutboxHarness(stack.urls.kafka);
  try {
    const topic = await harness.kafka.newTopic({ partitions: 3 });
    await harness.startRelay();
    for (let nr = 0; nr < 40; nr += 1) {
      await harness.publish(numbered(topic, nr * 50, 50));
      if (nr === 10) stack.kill('kafka');
      await delay(20);
    }
    const publishedMs = performance.now();
    await harness.sent(60_000);
    const behindMs = Math.round(performance.now() - publishedMs);
    console.log(`all sent ${behindMs} ms after the last was published`);

    const values = await harness.valuesByKey(topic);
    assert.is(values.size, KEYS);
    for (const [key, ofKey] of values) {
      assert.equal([...new Set(ofKey)], expected(key, 2_000), key);
    }
    assert.equal(await harness.queue(), [], 'an outage sets nothing aside');
  } finally {
    await harness.close();
    await stack.stop();
  }
});

const KEYS = 50;

function message(topic: string, key: string, value: string): OutgoingMessage {
  return { topic, key, value: Buffer.from(value) };
}

/** Messages `first`, `first + 1`, …, dealt out to the keys. */
function numbered(topic: string, first: number, count: number): OutgoingMessage[] {
  return Array.from({ length: count }, (_, index) =>
    message(topic, `key-${(first + index) % KEYS}`, String(first + index)),
  );
}

/** What `numbered` dealt to a key up to a number. */
function expected(key: string, end: number): string[] {
  const first = Number(key.replace('key-', ''));
  return Array.from({ length: Math.ceil((end - first) / KEYS) }, (_, nr) => `${first + nr * KEYS}`);
}

/** Does something after each acknowledged request. */
function interposed(kafka: Kafka, afterSend: () => Promise<void>): Pick<Kafka, 'createProducer'> {
  return {
    async createProducer(options) {
      const producer = await kafka.createProducer(options);
      return {
        ...producer,
        async send(records) {
          const sent = await producer.send(records);
          await afterSend();
          return sent;
        },
      };
    },
  };
}

/** Ends the session that holds the relay's lock, as a crash of the process would. */
async function cutRelaySession({ pool }: OutboxHarness): Promise<void> {
  await pool.query(
    `select pg_terminate_backend(pid) from pg_locks
     where locktype = 'advisory' and pid <> pg_backend_pid()
       and database = (select oid from pg_database where datname = current_database())`,
  );
}

test.run();
