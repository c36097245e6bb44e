// The only broker is away for a while.
import { connect } from 'node:net';
import { type Stack, startStack } from '@shelfcast/local/stack';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type KafkaHarness, openKafkaHarness, textOf } from '../support/kafka-harness.ts';
import { clearOwnStack } from '../support/own-stack.ts';

const test = suite<{ stack: Stack; harness: KafkaHarness }>('kafka outage');

test.before(async (context) => {
  context.stack = await startStack({ ...(await clearOwnStack()), services: ['kafka'] });
  context.harness = await openKafkaHarness(context.stack.urls.kafka);
});
test.after(async ({ harness, stack }) => {
  await harness.close();
  await stack.stop();
});

test('a broker that is killed and comes back costs no record, and 3 seconds at most', async ({
  harness,
  stack,
}) => {
  const topic = await harness.newTopic({ partitions: 3 });
  const seen: { text: string; atMs: number }[] = [];
  await harness.consume({
    topics: [topic],
    onBatch: async ({ records }) => {
      const atMs = performance.now();
      for (const record of records) seen.push({ text: textOf(record), atMs });
    },
  });
  const sends: Promise<unknown>[] = [];
  const ticker = setInterval(() => {
    const index = sends.length;
    const value = Buffer.from(String(index));
    sends.push(harness.producer.send([{ topic, partition: index % 3, key: null, value }]));
  }, 10);

  try {
    await eventually(() => seen.length > 100, { what: 'records before the outage' });
    stack.kill('kafka');
    await eventually(() => accepts(stack.urls.kafka).then((open) => !open), {
      what: 'the broker to be gone',
      intervalMs: 10,
    });
    await eventually(() => accepts(stack.urls.kafka), {
      what: 'the broker to be back',
      timeoutMs: 60_000,
      intervalMs: 10,
    });
    const backAtMs = performance.now();
    const first = await eventually(() => seen.find(({ atMs }) => atMs > backAtMs) ?? false, {
      what: 'the first record after the outage',
      timeoutMs: 30_000,
    });
    const resumedAfterMs = Math.round(first.atMs - backAtMs);
    console.log(`first record ${resumedAfterMs} ms after the broker was back`);
    assert.ok(resumedAfterMs <= 3_000, `resumed after ${resumedAfterMs} ms`);
  } finally {
    clearInterval(ticker);
  }

  await Promise.all(sends);
  const distinct = () => [...new Set(seen.map(({ text }) => text))].map(Number);
  await eventually(() => distinct().length === sends.length, { what: 'every record' });
  for (const partition of [0, 1, 2]) {
    const ofPartition = distinct().filter((index) => index % 3 === partition);
    assert.equal(
      ofPartition,
      [...ofPartition].sort((a, b) => a - b),
      'in order',
    );
  }
  assert.equal(harness.fatal, []);
});

function accepts(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

test.run();
