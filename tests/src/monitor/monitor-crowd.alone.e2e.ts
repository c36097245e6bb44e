// Many look on, and some of them never read: the others get everything, and the monitor's memory stays as it is.
// SOAK=1: 200 clients of which 20 never read, 200 reports a second to each of them, with figures.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import WebSocket from 'ws';
import { fromEnvironment } from '../support/environment.ts';
import { connectLive, type LiveClient } from '../support/live-client.ts';
import { startTestMonitor } from '../support/monitor.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';

const SOAK = process.env.SOAK === '1';
const READERS = SOAK ? 180 : 9;
const SLEEPERS = SOAK ? 20 : 3;
const WAVE = SOAK ? 10 : 100;
const WAVES = SOAK ? 600 : 20;
const PAUSE_MS = SOAK ? 50 : 0;
const test = suite('many clients');

/** A client that subscribes to everything and then reads nothing from its connection any more. */
async function openSleeper(url: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send('40');
  await once(socket, 'message');
  socket.send('42["subscribe",{"filter":{},"since":null}]');
  socket.pause();
  return socket;
}

async function residentMiB(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const [, bytes] = /^process_resident_memory_bytes (\S+)$/m.exec(text) ?? [];
  return Number(bytes) / 1024 / 1024;
}

test('who reads gets everything while others never read', async () => {
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const producer = await kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createProducer();
  const encode = await codec.encoder(MONITORING_EVENT);
  const monitor = await startTestMonitor();
  const service = `crowd-${randomBytes(4).toString('hex')}`;
  const readers: LiveClient[] = [];
  const sleepers: WebSocket[] = [];
  try {
    for (let nr = 0; nr < SLEEPERS; nr += 1) sleepers.push(await openSleeper(monitor.url));
    for (let nr = 0; nr < READERS; nr += 1) {
      readers.push(await connectLive({ url: monitor.url, filter: { service } }));
    }
    const [first] = readers;
    assert.ok(first);
    const delaysMs: number[] = [];
    let looked = 0;
    const before = await residentMiB(monitor.url);
    for (let wave = 0; wave < WAVES; wave += 1) {
      const nowUs = BigInt(Date.now()) * 1000n;
      await producer.send(
        Array.from({ length: WAVE }, (_, index) => {
          const nr = wave * WAVE + index;
          const eventId = `${service}-${nr}`;
          const value = encode({
            ...{ id: `${eventId}/x`, eventId, stage: 'processed', service, instance: 'test' },
            ...{ topic: 'pis.public.products', partition: 0, offset: BigInt(nr), key: `${nr}` },
            ...{ occurredAt: nowUs, at: nowUs, durationUs: null, attempt: 1, error: null },
            ...{ traceId: null, details: JSON.stringify({ note: 'x'.repeat(300) }) },
          });
          return { topic: MONITORING_TOPIC, key: eventId, value };
        }),
      );
      await delay(PAUSE_MS);
      // Never more on the way to a reader than waits for it without being sampled.
      await eventually(() => readers.every(({ items }) => items.length >= (wave - 2) * WAVE), {
        timeoutMs: 120_000,
        intervalMs: 5,
        what: 'the readers keep up',
      });
      for (; looked < first.items.length; looked += 1) {
        delaysMs.push(Date.now() - Number(first.items[looked]?.atUs) / 1000);
      }
    }
    await eventually(() => readers.every(({ items }) => items.length === WAVES * WAVE), {
      timeoutMs: 120_000,
      what: 'everything for everyone who reads',
    });
    for (const reader of readers) assert.is(reader.sampled(), 0);
    const after = await residentMiB(monitor.url);
    const p95 = delaysMs.sort((a, b) => a - b)[Math.floor(delaysMs.length * 0.95)];
    console.log(
      `# ${READERS} readers and ${SLEEPERS} that never read: ${WAVES * WAVE} reports each, p95 ${p95} ms, memory ${before.toFixed(0)} → ${after.toFixed(0)} MiB`,
    );
    if (SOAK) assert.ok(after < before + 200, 'memory is bounded, however long they sleep');
  } finally {
    for (const socket of sleepers) socket.terminate();
    for (const reader of readers) reader.close();
    await monitor.close();
    await producer.close();
    codec.close();
  }
});

test.run();
