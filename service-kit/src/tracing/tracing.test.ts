import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startTracing, type Tracing, tracedEncoder } from './tracing.ts';

const test = suite('tracing');
const OFF = { OTEL_EXPORTER_OTLP_HEADERS: '', INSTANCE_ID: 'test', TOPIC_PREFIX: 'pis' };
const REPORT: MonitoringEvent = {
  ...{ id: 'e/catalogue/processed/1', eventId: 'e', stage: 'processed', service: 'catalogue' },
  ...{ instance: 'test', topic: 'country', partition: 0, offset: 1n, key: 'k', attempt: 1 },
  ...{ occurredAt: 1n, at: 2n, durationUs: 1n, error: null, traceId: null, details: null },
};

test('without an endpoint there is none, and reports are encoded as ever', async () => {
  const tracing = await startTracing({ config: OFF });
  assert.is(tracing, undefined);
  const encode = (): Buffer => Buffer.alloc(0);
  assert.is(tracedEncoder(encode, tracing), encode);
});

test('with one, each report is told of with the trace that it is encoded with', () => {
  const told: MonitoringEvent[] = [];
  const tracing: Tracing = {
    identify: (report) => ({ ...report, traceId: 'a trace' }),
    step: (report) => told.push(report),
    span() {},
    async stop() {},
  };
  const encoded: MonitoringEvent[] = [];
  const encode = tracedEncoder((report) => {
    encoded.push(report);
    return Buffer.alloc(0);
  }, tracing);
  encode(REPORT);
  assert.equal(encoded, told);
  assert.is(encoded[0]?.traceId, 'a trace');
});

test.run();
