import { createCodec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import { Registry } from 'prom-client';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCapture } from './capture.ts';

function captureInto(published: MonitoringEvent[], registry = new Registry()) {
  return createCapture({
    // Nothing listens there, and these records need no registry.
    codec: createCodec({ registryUrl: 'http://127.0.0.1:9' }),
    publisher: {
      async report(events) {
        published.push(...events);
      },
    },
    topicPrefix: 'pis',
    reporting: { instance: 'local', snapshotReportEvery: 1, shorten: {} },
    registry,
    nowMs: () => 1_000,
  });
}

function batch(...values: (Buffer | null)[]): KafkaBatch {
  const place = { topic: 'pis.public.products', partition: 2 };
  return {
    ...place,
    highWatermark: 10n,
    signal: new AbortController().signal,
    records: values.map((value, nr) => ({
      ...place,
      offset: BigInt(nr),
      key: null,
      value,
      headers: {},
      timestampMs: 500,
    })),
  };
}

test('a record that cannot be read is reported as that, and those behind it go on', async () => {
  const published: MonitoringEvent[] = [];
  const registry = new Registry();
  await captureInto(published, registry)(batch(Buffer.from('no Avro'), null));
  assert.is(published.length, 1);
  const [report] = published;
  assert.equal(
    [report?.stage, report?.eventId, report?.service],
    ['failed', 'pis.public.products/2/0', 'capture'],
  );
  const metrics = await registry.metrics();
  assert.match(metrics, 'shelfcast_captured_records_total{outcome="unreadable"} 1');
  assert.match(metrics, 'shelfcast_captured_records_total{outcome="empty"} 1');
});

test('while the registry cannot be asked, nothing is reported and the batch comes again', async () => {
  const published: MonitoringEvent[] = [];
  const unknownSchema = Buffer.from([0, 0, 0, 0, 7, 1, 2, 3]);
  await captureInto(published)(batch(unknownSchema)).then(
    () => assert.unreachable('it has to fail'),
    (error: unknown) => assert.match(String(error), /registry/),
  );
  assert.equal(published, []);
});

test.run();
