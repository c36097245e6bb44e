// Consumers and capture-reports of this test's own stand in for the stack's, which stand still meanwhile.
// With a collector each event is one trace, from the caller's span to the webhook, with the ids that reports have.

import { addSubscriber } from '@shelfcast/consumers/operations/subscribers';
import type { Stack } from '@shelfcast/local/stack';
import { traceIdOf } from '@shelfcast/schemas/trace-context';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { createProductIds, giveToDatabase } from '../support/manual-events.ts';
import {
  type CollectedSpan,
  type OtlpCollector,
  openOtlpCollector,
} from '../support/otlp-collector.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';
import { type QuietService, startQuietService } from '../support/quiet-service.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports } from '../support/topic-reader.ts';
import { openReceiver, type Receiver } from '../support/webhook-receiver.ts';

interface Context extends Pipeline {
  stack: Stack;
  collector: OtlpCollector;
  services: QuietService[];
  api: TestApi;
  receiver: Receiver;
  subscriber: string;
}

const STAND_STILL = ['consumers', 'capture-reports'] as const;
const CONSUMERS = ['catalogue', 'inventory', 'pricing'];
const SECRET = `whsec_${Buffer.alloc(32, 't').toString('base64')}`;
const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const WAIT = { timeoutMs: 90_000, intervalMs: 250 };
const test = suite<Context>('tracing');
const ids = createProductIds();

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.stack = await sharedStack();
  context.collector = await openOtlpCollector();
  context.receiver = await openReceiver(SECRET);
  for (const name of STAND_STILL) context.stack.kill(name, 'SIGSTOP');
  const port = 15_400 + Number(fromEnvironment('TEST_PORT_OFFSET'));
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: context.collector.url,
    WEBHOOK_ALLOW_PRIVATE: '127.0.0.0/8',
  };
  context.services = await Promise.all([
    startQuietService({ workspace: 'consumers', main: 'main', port, env }),
    startQuietService({ workspace: 'producer-api', main: 'capture/main', port: port + 1, env }),
  ]);
  context.api = await startTestApi(env);
  const subscriber = { url: context.receiver.url, secret: SECRET };
  ({ id: context.subscriber } = await addSubscriber(context.consumers, subscriber));
});
test.after(async (context) => {
  const { stack, services, api, receiver, collector, consumers } = context;
  await consumers.query('update pricing.subscribers set enabled = false where id = $1', [
    context.subscriber,
  ]);
  for (const service of services) await service.stop();
  for (const name of STAND_STILL) stack.kill(name, 'SIGCONT');
  await giveToDatabase(context, ids.all);
  await api.close();
  await receiver.close();
  await collector.close();
  await context.close();
});

const publish = ({ api }: Context, productId: string, price: string, traceparent?: string) =>
  api.call(
    'POST',
    '/events',
    {
      topic: 'product_updates',
      data: {
        ...{ product_id: productId, name: 'Traced', price, category: 'test', brand: 'test' },
        ...{ stock_quantity: 3, weight: 1, dimensions: '1x1' },
      },
    },
    traceparent === undefined ? {} : { traceparent },
  );

/** Waits for spans of an event, by their names and services. */
async function spansOf(
  { collector }: Context,
  traceId: string,
  wanted: readonly string[],
): Promise<Map<string, CollectedSpan>> {
  return await eventually(
    () => {
      const own = collector.spans.filter((span) => span.traceId === traceId);
      const found = new Map(own.map((span) => [`${span.service}: ${span.name}`, span]));
      assert.equal(
        wanted.filter((name) => !found.has(name)),
        [],
        [...found.keys()].join(', '),
      );
      return found;
    },
    { ...WAIT, what: `the spans of ${traceId}` },
  );
}

/** Trace ids in the reports of an event, once there are as many reports as there are steps. */
async function reportedTraces(eventId: string, steps: number): Promise<(string | null)[]> {
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const reports = (await readReports(kafka, codec)).filter((one) => one.eventId === eventId);
  codec.close();
  assert.is(reports.length, steps, reports.map(({ stage }) => stage).join());
  return [...new Set(reports.map(({ traceId }) => traceId))];
}

test('a manual event continues the trace of who sent it, up to the webhook', async (context) => {
  const productId = ids.next();
  assert.is((await publish(context, productId, '10.00')).status, 202);
  const sent = await publish(
    context,
    productId,
    '12.00',
    `00-${CALLER.traceId}-${CALLER.spanId}-01`,
  );
  assert.is(sent.status, 202);
  const spans = await spansOf(context, CALLER.traceId, [
    'producer-api: publish product_updates',
    ...CONSUMERS.map((service) => `${service}: process product_updates`),
    'pricing: POST webhook',
  ]);
  const published = spans.get('producer-api: publish product_updates');
  assert.is(published?.parentSpanId, CALLER.spanId);
  assert.is(published?.attributes['messaging.message.id'], sent.body.id);
  for (const service of CONSUMERS) {
    const processed = spans.get(`${service}: process product_updates`);
    assert.is(processed?.parentSpanId, published?.spanId, service);
    assert.ok((processed?.durationNs ?? 0n) > 0n, 'it took its time');
  }
  const webhook = spans.get('pricing: POST webhook');
  assert.is(webhook?.parentSpanId, spans.get('pricing: process product_updates')?.spanId);
  assert.is(Number(webhook?.attributes['http.response.status_code']), 204);
  assert.equal(await reportedTraces(String(sent.body.id), 4), [CALLER.traceId]);
  assert.equal(context.receiver.forged, []);
});

test('an edited row has the trace that follows from the id of its change', async (context) => {
  const productId = ids.next();
  await context.products.query(
    `insert into products (product_id, name, price) values ($1, 'Traced', 5)`,
    [productId],
  );
  const captured = await eventually(
    () =>
      context.collector.spans.find(
        ({ name, attributes }) =>
          name === 'capture pis.public.products' &&
          attributes['messaging.kafka.message.key'] === productId,
      ) ?? false,
    { ...WAIT, what: 'the span of the capture' },
  );
  const eventId = String(captured.attributes['messaging.message.id']);
  assert.is(captured.traceId, traceIdOf(eventId));
  assert.is(captured.parentSpanId ?? '', '');
  const spans = await spansOf(
    context,
    captured.traceId,
    CONSUMERS.map((service) => `${service}: process pis.public.products`),
  );
  for (const service of CONSUMERS) {
    const processed = spans.get(`${service}: process pis.public.products`);
    assert.is(processed?.parentSpanId, captured.spanId, service);
  }
  assert.equal(await reportedTraces(eventId, 4), [captured.traceId]);
});

test('a collector that is gone delays nothing', async (context) => {
  await context.collector.close();
  const productId = ids.next();
  assert.is((await publish(context, productId, '7.00')).status, 202);
  await eventually(
    async () => {
      const { rowCount } = await context.consumers.query(
        'select from catalogue.products where product_id = $1',
        [productId],
      );
      assert.is(rowCount, 1);
    },
    { ...WAIT, what: 'its effect' },
  );
});

test.run();
