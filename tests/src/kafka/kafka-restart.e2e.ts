// How long a consumer that starts is held up when a step between joining its group and its first record goes wrong.
import { eventually } from '@shelfcast/service-kit/eventually';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { type Fault, type KafkaApi, openKafkaGate } from '../support/kafka-gate.ts';
import { type KafkaHarness, openKafkaHarness } from '../support/kafka-harness.ts';

const servers = fromEnvironment('KAFKA_BOOTSTRAP_SERVERS');
const STEPS: readonly KafkaApi[] = [
  'FindCoordinator',
  'JoinGroup',
  'SyncGroup',
  'OffsetFetch',
  'ListOffsets',
  'Fetch',
  'Heartbeat',
  'OffsetCommit',
];
const test = suite<{ harness: KafkaHarness; topic: string }>('kafka restart');

test.before(async (context) => {
  context.harness = await openKafkaHarness(servers);
  context.topic = await context.harness.newTopic({ partitions: 2 });
});
test.after(async ({ harness }) => {
  await harness.close();
});

/**
 * Starts a consumer whose first request of a kind has the fault, sends a record, and another one once the fault is met.
 * @returns milliseconds until both were handled
 */
async function heldUp(
  { harness, topic }: { harness: KafkaHarness; topic: string },
  [step, fault]: readonly [KafkaApi, Fault],
  limitMs: number,
): Promise<number> {
  const gate = await openKafkaGate(servers);
  gate.next(step, fault);
  const kafka = createKafka({
    connection: { bootstrapServers: [gate.servers], maxRecordBytes: 16 * 1024 * 1024 },
    clientId: 'kafka-restart-test',
    log: silentLogger(),
  });
  const groupId = harness.uniqueName(`restart-${step}`);
  const handled = new Set<string>();
  const fatal: Error[] = [];
  const send = (what: string) =>
    harness.producer.send([{ topic, key: what, value: Buffer.from(`${groupId} ${what}`) }]);
  await send('first');
  const startedAtMs = performance.now();
  const consumer = await kafka.createConsumer({
    groupId,
    topics: [topic],
    commitIntervalMs: 100,
    onBatch: async ({ records }) => {
      for (const { value } of records) {
        const [group, what = ''] = String(value).split(' ');
        if (group === groupId) handled.add(what);
      }
    },
    onError: () => {},
    onFatal: (error) => fatal.push(error),
  });
  try {
    const what = `the records, despite a fault at ${step} (${JSON.stringify(fault)})`;
    const until = (name: string) =>
      eventually(() => assert.ok(handled.has(name), fatal[0]?.message), {
        timeoutMs: limitMs,
        what,
      });
    await until('first');
    await eventually(() => gate.count(step) > 0, { what: `a request ${step}` });
    await send('second');
    await until('second');
    assert.equal(fatal, []);
    return Math.round(performance.now() - startedAtMs);
  } finally {
    await consumer.stop();
    await gate.close();
  }
}

async function heldUpByEach(
  context: { harness: KafkaHarness; topic: string },
  faults: readonly (readonly [KafkaApi, Fault])[],
  limitMs: number,
): Promise<void> {
  const times = await Promise.all(
    faults.map(async (fault) => `${fault[0]} ${await heldUp(context, fault, limitMs)}`),
  );
  console.log(`# ms to both records: ${times.join(', ')}`);
}

test('a connection that is cut in the middle of an answer is opened again and works', async (context) => {
  await heldUpByEach(
    context,
    STEPS.map((step) => [step, 'cutWithin'] as const),
    20_000,
  );
});

test('a connection on which an answer never comes is given up after ten seconds', async (context) => {
  const faults = (
    ['FindCoordinator', 'OffsetFetch', 'ListOffsets', 'Fetch', 'Heartbeat'] as const
  ).map((step) => [step, 'silent'] as const);
  await heldUpByEach(context, faults, 20_000);
});

test('a coordinator that is starting or has moved, and a group that moves on, are asked again', async (context) => {
  const [loading, moved, unknownMember, rebalancing] = [14, 16, 25, 27];
  const faults = (
    [
      ['FindCoordinator', [15]],
      ['JoinGroup', [loading, moved, unknownMember]],
      ['SyncGroup', [moved, unknownMember, rebalancing]],
      ['OffsetFetch', [loading, moved]],
      ['Heartbeat', [moved, unknownMember, rebalancing]],
    ] as const
  ).flatMap(([step, codes]) => codes.map((errorCode) => [step, { errorCode }] as const));
  await heldUpByEach(context, faults, 20_000);
});

test.run();
