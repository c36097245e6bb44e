import { eventually } from '@shelfcast/service-kit/eventually';
import { KafkaError, KafkaSendError } from '@shelfcast/service-kit/kafka/errors';
import type { RecordToSend, SentRecord } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { type KafkaHarness, numbered, openKafkaHarness, textOf } from '../support/kafka-harness.ts';

const test = suite<{ harness: KafkaHarness }>('kafka producer');

test.before(async (context) => {
  context.harness = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
});
test.after(async ({ harness }) => {
  await harness.close();
  assert.equal(harness.fatal, []);
});

test('every record is where its answer says, however calls were batched', async ({ harness }) => {
  const topic = await harness.newTopic({
    partitions: 3,
    configs: { 'message.timestamp.type': 'LogAppendTime' },
  });
  const values = Array.from({ length: 500 }, (_, index) => `value ${index}`);

  const answers = await Promise.all(
    values.map((value, index) =>
      harness.producer.send([
        { topic, key: `key ${index % 40}`, value: Buffer.from(value), headers: { n: `${index}` } },
      ]),
    ),
  );

  const places = new Map<string, string>();
  await harness.consume({
    topics: [topic],
    onBatch: async ({ records }) => {
      for (const record of records) places.set(place(record), textOf(record));
    },
  });
  await eventually(() => places.size === values.length, { what: 'all records' });
  answers.forEach(([sent], index) => {
    assert.ok(sent !== undefined);
    assert.is(places.get(place(sent)), values[index]);
    assert.ok(Math.abs((sent.timestampMs ?? 0) - Date.now()) < 60_000);
  });
});

test('a record that is too large fails alone', async ({ harness }) => {
  const strict = await harness.newTopic({
    partitions: 1,
    configs: { 'max.message.bytes': '2000' },
  });
  const topic = await harness.newTopic({ partitions: 1 });
  const records: RecordToSend[] = [
    { topic, key: null, value: Buffer.from('before') },
    { topic, key: null, value: Buffer.alloc(17 * 1024 * 1024) },
    { topic: strict, key: null, value: Buffer.alloc(3_000) },
    { topic, key: null, value: Buffer.from('after') },
  ];

  const results = await resultsOf(harness.producer.send(records));

  assert.equal(results.map(codeOf), ['sent', 'RECORD_TOO_LARGE', 'RECORD_TOO_LARGE', 'sent']);
  assert.equal(
    codeOf((await harness.producer.send([{ topic: strict, key: null, value: null }]))[0]),
    'sent',
  );
});

test('an unknown topic fails at once, and alone', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 1 });
  const startedMs = performance.now();

  const results = await resultsOf(
    harness.producer.send([
      { topic: harness.uniqueName('missing'), key: null, value: null },
      { topic, partition: 5, key: null, value: null },
      { topic, key: null, value: null },
    ]),
  );

  assert.equal(results.map(codeOf), ['UNKNOWN_TOPIC', 'UNKNOWN_TOPIC', 'sent']);
  assert.ok(performance.now() - startedMs < 3_000);
});

test('a topic that is deleted does not stop the others', async ({ harness }) => {
  const doomed = await harness.newTopic({ partitions: 1 });
  const topic = await harness.newTopic({ partitions: 1 });
  await harness.producer.send([...numbered(doomed, 0, 1), ...numbered(topic, 0, 1)]);
  await harness.admin.deleteTopics([doomed]);
  await eventually(async () => !(await harness.admin.listTopics()).includes(doomed), {
    what: 'the topic to be gone',
  });

  const startedMs = performance.now();
  const results = await resultsOf(
    harness.producer.send([...numbered(doomed, 0, 1), ...numbered(topic, 0, 1)]),
  );
  assert.equal(results.map(codeOf), ['UNKNOWN_TOPIC', 'sent']);
  assert.ok(performance.now() - startedMs < 10_000);
});

test('a deleted topic that is no longer written to does not stop the others', async ({
  harness,
}) => {
  const doomed = await harness.newTopic({ partitions: 1 });
  await harness.producer.send(numbered(doomed, 0, 1));
  await harness.admin.deleteTopics([doomed]);
  await eventually(async () => !(await harness.admin.listTopics()).includes(doomed), {
    what: 'the topic to be gone',
  });
  const topic = await harness.newTopic({ partitions: 1 });

  const startedMs = performance.now();
  await harness.producer.send(numbered(topic, 0, 1));

  assert.ok(performance.now() - startedMs < 5_000);
});

test('records of one key keep the order of the calls', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 3 });
  const seen: string[] = [];
  const sends = Array.from({ length: 2_000 }, (_, index) =>
    harness.producer.send([{ topic, key: 'one', value: Buffer.from(String(index)) }]),
  );
  await Promise.all(sends);

  await harness.consume({
    topics: [topic],
    onBatch: async ({ records }) => {
      seen.push(...records.map(textOf));
    },
  });

  await eventually(() => seen.length === 2_000, { what: 'all records' });
  assert.equal(
    seen,
    Array.from({ length: 2_000 }, (_, index) => String(index)),
  );
});

test('closing sends what is queued, then refuses', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 1 });
  const producer = await harness.kafka.createProducer({ maxRequestRecords: 10 });
  const sends = Array.from({ length: 100 }, () =>
    producer.send([{ topic, key: null, value: Buffer.from('x') }]),
  );

  await producer.close();

  assert.is((await Promise.all(sends)).length, 100);
  assert.equal((await harness.admin.highWatermarks(topic)).get(0), 100n);
  const late = await resultsOf(producer.send([{ topic, key: null, value: null }]));
  assert.equal(late.map(codeOf), ['CLOSED']);
});

async function resultsOf(
  send: Promise<SentRecord[]>,
): Promise<readonly (SentRecord | KafkaError)[]> {
  try {
    return await send;
  } catch (error) {
    if (error instanceof KafkaSendError) return error.results;
    if (error instanceof KafkaError) return [error];
    throw error;
  }
}

function codeOf(result: SentRecord | KafkaError | undefined): string {
  return result instanceof KafkaError ? result.code : result === undefined ? 'missing' : 'sent';
}

function place({ partition, offset }: { partition: number; offset: bigint }): string {
  return `${partition}:${offset}`;
}

test.run();
