import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { HandlingError, OffsetReset } from '@shelfcast/service-kit/kafka/types';
import kafkajs from 'kafkajs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { type KafkaHarness, numbered, openKafkaHarness, textOf } from '../support/kafka-harness.ts';
import { scriptArgs } from '../support/script.ts';

const servers = fromEnvironment('KAFKA_BOOTSTRAP_SERVERS');
const test = suite<{ harness: KafkaHarness }>('kafka consumer');

test.before(async (context) => {
  context.harness = await openKafkaHarness(servers);
});
test.after(async ({ harness }) => {
  await harness.close();
  assert.equal(harness.fatal, []);
});

test('a failing partition gets the same offset again and holds up no other', async ({
  harness,
}) => {
  const topic = await harness.newTopic({ partitions: 3 });
  for (const partition of [0, 1, 2]) await harness.producer.send(numbered(topic, partition, 10));
  const handled: string[][] = [[], [], []];
  const failures: HandlingError[] = [];
  let broken = true;

  await harness.consume({
    topics: [topic],
    retryDelayMs: { first: 20, longest: 100 },
    onError: (failure) => failures.push(failure),
    onBatch: async ({ partition, records }) => {
      if (broken && partition === 0) throw new Error('cannot be handled');
      handled[partition]?.push(...records.map(textOf));
    },
  });

  const all = Array.from({ length: 10 }, (_, index) => String(index));
  await eventually(() => assert.equal(handled[1], all) ?? assert.equal(handled[2], all), {
    what: 'the healthy partitions',
  });
  await eventually(() => failures.length >= 4, { what: 'several tries of the failing one' });
  assert.equal(handled[0], []);
  assert.ok(failures.every(({ offset }) => offset === 0n));
  assert.equal(
    failures.slice(0, 3).map(({ attempt }) => attempt),
    [1, 2, 3],
  );

  broken = false;
  await eventually(() => assert.equal(handled[0], all), { what: 'the mended partition, in order' });
});

test('nothing is committed that was not handled', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 2 });
  const groupId = harness.uniqueName('group');
  let release: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  await harness.producer.send([...numbered(topic, 0, 5), ...numbered(topic, 1, 5)]);

  await harness.consume({
    groupId,
    topics: [topic],
    commitIntervalMs: 50,
    onBatch: async ({ partition }) => (partition === 0 ? gate : undefined),
  });

  const committed = async () =>
    new Map(
      (await harness.admin.groupOffsets(groupId, [topic])).map((entry) => [
        entry.partition,
        entry.offset,
      ]),
    );
  await eventually(async () => assert.is((await committed()).get(1), 5n), {
    what: 'the commit of the handled partition',
  });
  assert.is((await committed()).get(0), null);

  release();
  await eventually(async () => assert.is((await committed()).get(0), 5n), {
    what: 'the commit of the other one',
  });
});

test('stopping commits what was handled, and the next member starts there', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 1 });
  const groupId = harness.uniqueName('group');
  const seen: string[] = [];
  const onBatch = async ({ records }: { records: readonly { value: Buffer | null }[] }) => {
    seen.push(...records.map(textOf));
  };
  await harness.producer.send(numbered(topic, 0, 3));
  const first = await harness.consume({
    groupId,
    topics: [topic],
    onBatch,
    commitIntervalMs: 60_000,
  });
  await eventually(() => seen.length === 3, { what: 'the first records' });
  await first.stop();

  await harness.producer.send([{ topic, partition: 0, key: null, value: Buffer.from('next') }]);
  await harness.consume({ groupId, topics: [topic], onBatch });

  await eventually(() => seen.length > 3, { what: 'the record after the stop' });
  assert.equal(seen, ['0', '1', '2', 'next']);
});

test('a group begins where it is set to, in several topics; once deleted, at the oldest', async ({
  harness,
}) => {
  const groupId = harness.uniqueName('group');
  const topics = [
    await harness.newTopic({ partitions: 2 }),
    await harness.newTopic({ partitions: 1 }),
  ].sort();
  for (const topic of topics) await harness.producer.send(numbered(topic, 0, 5));
  const offsets = topics.map((topic) => ({ topic, partition: 0, offset: 3n }));
  await harness.admin.setGroupOffsets(groupId, offsets);
  const committed = (await harness.admin.groupOffsets(groupId, topics)).filter(
    ({ offset }) => offset !== null,
  );
  assert.equal(
    committed.sort((a, b) => a.topic.localeCompare(b.topic)),
    offsets,
  );

  const read: string[] = [];
  const member = await harness.consume({
    groupId,
    topics,
    onBatch: async ({ records }) => {
      read.push(...records.map(textOf));
    },
  });
  await eventually(() => assert.equal([...read].sort(), ['3', '3', '4', '4']), {
    timeoutMs: 15_000,
    what: 'what comes after',
  });
  await member.stop();
  await harness.admin.deleteGroup(groupId);
  await harness.admin.deleteGroup(groupId);
  const left = await harness.admin.groupOffsets(groupId, topics);
  assert.ok(left.every(({ offset }) => offset === null));
});

test('paused partitions rest, the others go on', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 2 });
  const seen: string[] = [];
  const consumer = await harness.consume({
    topics: [topic],
    onBatch: async ({ partition, records }) => {
      for (const record of records) seen.push(`${partition}:${textOf(record)}`);
    },
  });
  await eventually(() => consumer.isReady(), { what: 'the assignment' });

  consumer.pause([{ topic, partitions: [0] }]);
  await harness.producer.send([...numbered(topic, 0, 1), ...numbered(topic, 1, 1)]);
  await eventually(() => assert.equal(seen, ['1:0']), { what: 'the partition that runs' });
  assert.is((await consumer.lag()).find(({ partition }) => partition === 0)?.messages, 1n);

  consumer.resume([{ topic }]);
  await eventually(() => assert.equal(seen, ['1:0', '0:0']), { what: 'the resumed partition' });
});

test('a topic that appears and fits the pattern is read from its beginning', async ({
  harness,
}) => {
  const prefix = harness.uniqueName('pattern');
  const seen: string[] = [];
  const consumer = await harness.consume({
    topics: new RegExp(`^${prefix}\\.`),
    topicRefreshMs: 200,
    onBatch: async ({ topic, records }) => {
      for (const record of records)
        seen.push(`${topic.slice(prefix.length + 1)}:${textOf(record)}`);
    },
  });
  assert.equal(consumer.assignment(), []);

  for (const name of ['a', 'b']) {
    const topic = await harness.newTopic({ partitions: 1, name: `${prefix}.${name}` });
    await harness.producer.send(numbered(topic, 0, 2));
    await eventually(() => seen.filter((text) => text.startsWith(`${name}:`)).length >= 2, {
      what: `records of topic ${name}`,
    });
  }
  assert.equal(seen, ['a:0', 'a:1', 'b:0', 'b:1']);

  // A deleted topic does not take the others with it.
  await harness.admin.deleteTopics([`${prefix}.a`]);
  await eventually(() => consumer.assignment().length === 1, {
    what: 'the deleted topic to be left',
  });
  await harness.producer.send([{ topic: `${prefix}.b`, key: null, value: Buffer.from('2') }]);
  await eventually(() => seen.includes('b:2'), { what: 'the topic that stayed' });
});

test('records lost to retention are reported, and what is left is read', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 1 });
  const groupId = harness.uniqueName('group');
  const seen: string[] = [];
  const resets: OffsetReset[] = [];
  const options = {
    groupId,
    topics: [topic],
    onOffsetReset: (reset: OffsetReset) => resets.push(reset),
    onBatch: async ({ records }: { records: readonly { value: Buffer | null }[] }) => {
      seen.push(...records.map(textOf));
    },
  };
  await harness.producer.send(numbered(topic, 0, 4));
  const first = await harness.consume(options);
  await eventually(() => seen.length === 4, { what: 'the first records' });
  await first.stop();

  await harness.producer.send(numbered(topic, 0, 6));
  await deleteRecordsBefore(topic, '7');
  await harness.consume(options);

  await eventually(() => seen.length === 7, { what: 'the records that are left' });
  assert.equal(seen.slice(4), ['3', '4', '5']);
  assert.equal(resets, [{ topic, partition: 0, from: 4n, to: 7n }]);
});

test('a record larger than the fetch limit arrives while other partitions are busy', async ({
  harness,
}) => {
  const topic = await harness.newTopic({
    partitions: 3,
    configs: { 'max.message.bytes': String(16 * 1024 * 1024) },
  });
  const BUSY_MS = 100;
  const large = Buffer.alloc(10 * 1024 * 1024, 7);
  let largeArrived = false;
  let others = 0;
  await harness.producer.send([{ topic, partition: 2, key: null, value: large }]);
  const flood = Array.from({ length: 4_000 }, (_, index) => ({
    topic,
    partition: index % 2,
    key: null,
    value: Buffer.alloc(1_000),
  }));
  await harness.producer.send(flood);

  await harness.consume({
    topics: [topic],
    maxPartitionBytes: 64 * 1024,
    onBatch: async ({ partition, records }) => {
      if (partition === 2) largeArrived = records[0]?.value?.equals(large) ?? false;
      else {
        others += records.length;
        await delay(BUSY_MS); // as long as there is something left of them, they are busy
      }
    },
  });

  await eventually(() => largeArrived, { what: 'the large record', timeoutMs: 20_000 });
  assert.ok(others < 4_000, 'it came before the other partitions were drained');
});

test('a member that is killed is replaced within 8 seconds', async ({ harness }) => {
  const topic = await harness.newTopic({ partitions: 4 });
  const groupId = harness.uniqueName('group');
  const script = scriptArgs('../support/consume-in-child', import.meta.url);
  const child = spawn(process.execPath, [...script, servers, groupId, topic], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(child.stdout, 'data');
    const seen = new Set<string>();
    const consumer = await harness.consume({
      groupId,
      topics: [topic],
      onBatch: async ({ records }) => {
        for (const record of records) seen.add(textOf(record));
      },
    });
    await eventually(() => consumer.assignment().length === 2, { what: 'both members to share' });

    child.kill('SIGKILL');
    const killedAtMs = performance.now();
    await harness.producer.send(
      [0, 1, 2, 3].map((partition) => ({
        topic,
        partition,
        key: null,
        value: Buffer.from(`after ${partition}`),
      })),
    );

    await eventually(() => seen.size === 4, { what: 'all partitions to be read' });
    console.log(`takeover after ${Math.round(performance.now() - killedAtMs)} ms`);
  } finally {
    child.kill('SIGKILL');
  }
});

test('what kafkajs takes for final, a group that cannot be joined now, is tried again', async ({
  harness,
}) => {
  const topic = await harness.newTopic({ partitions: 1 });
  const groupId = harness.uniqueName('group');
  const stranger = new kafkajs.Kafka({ brokers: servers.split(','), logLevel: 0 }).consumer({
    groupId,
    partitionAssigners: [
      (config) => ({ ...kafkajs.PartitionAssigners.roundRobin(config), name: 'another protocol' }),
    ],
  });
  await stranger.connect();
  await stranger.subscribe({ topic });
  const joined = new Promise((resolve) => stranger.on(stranger.events.GROUP_JOIN, resolve));
  await stranger.run({ eachMessage: async () => {} });
  await joined;
  const seen: string[] = [];

  const consumer = await harness.consume({
    groupId,
    topics: [topic],
    onBatch: async ({ records }) => {
      seen.push(...records.map(textOf));
    },
  });
  assert.not(consumer.isReady());
  await stranger.disconnect();
  await harness.producer.send(numbered(topic, 0, 1));

  await eventually(() => assert.equal(seen, ['0']), { what: 'the record' });
});

/** As retention does, without waiting for it; there is no need for this in the port. */
async function deleteRecordsBefore(topic: string, offset: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: servers.split(','), logLevel: 0 }).admin();
  await admin.connect();
  try {
    await admin.fetchTopicOffsets(topic); // kafkajs deletes only in topics it was asked about before
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] });
  } finally {
    await admin.disconnect();
  }
}

test.run();
