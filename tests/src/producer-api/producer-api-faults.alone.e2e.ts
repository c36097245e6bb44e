// An acknowledged event is there, also after kills; any other got an error in time.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '@shelfcast/local/stack';
import type { Codec } from '@shelfcast/schemas/codec';
import { headerText } from '@shelfcast/schemas/headers';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { createProductIds, giveToDatabase, productUpdate } from '../support/manual-events.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { startTestApi, type TestApi } from '../support/producer-api.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports, readTopics } from '../support/topic-reader.ts';

interface Context extends Pipeline {
  api: TestApi;
  topic: string;
  stack: Stack;
  kafka: Kafka;
  codec: Codec;
}

const DEADLINE_MS = 4_000;
/** Beyond the deadline for a busy machine; what is checked is that no caller hangs. */
const SLACK_MS = 10_000;
const SENDERS = 8;
const RETRY_PAUSE_MS = 50;

const test = suite<Context>('producer API under faults');
const products = createProductIds();

test.before(async (context) => {
  context.stack = await sharedStack();
  Object.assign(context, connectPipeline());
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  context.api = await startTestApi({ PUBLISH_DEADLINE_MS: `${DEADLINE_MS}` });
  context.topic = `test-faults-${randomUUID().slice(0, 8)}`;
  const made = await context.api.call('POST', '/topics', {
    name: context.topic,
    schema: { type: 'record', name: 'Step', key: 'id', fields: [{ name: 'id', type: 'string' }] },
  });
  assert.is(made.status, 201, JSON.stringify(made.body));
});
test.after(async (context) => {
  const { api, topic, codec } = context;
  await giveToDatabase(context, products.all);
  await eventually(async () => (await api.call('DELETE', `/topics/${topic}`)).status !== 503, {
    what: 'the topic is deleted',
    timeoutMs: 20_000,
  });
  await api.close();
  codec.close();
  await context.close();
});

/** The data of one sender's next event. */
type Sender = () => object;

/** Events being sent, each until it is acknowledged, with an Idempotency-Key of its own. */
interface Traffic {
  readonly topic: string;
  /** Event id of each acknowledged key. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** Answers other than 202, by status; 0 for a connection that broke. */
  readonly refused: ReadonlyMap<number, number>;
  longestMs(): number;
  stop(): Promise<void>;
}

function startTraffic(api: TestApi, topic: string, createSender: () => Sender): Traffic {
  const acknowledged = new Map<string, string>();
  const refused = new Map<number, number>();
  let longestMs = 0;
  let sending = true;
  const attempt = async (id: string, data: object): Promise<boolean> => {
    const startedMs = performance.now();
    const answer = await api
      .call('POST', '/events', { topic, data }, { 'idempotency-key': id })
      .catch(() => undefined);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    if (answer?.status === 202) {
      acknowledged.set(id, answer.body.id ?? '');
      return true;
    }
    const status = answer?.status ?? 0;
    refused.set(status, (refused.get(status) ?? 0) + 1);
    return false;
  };
  const senders = Array.from({ length: SENDERS }, async () => {
    const next = createSender();
    while (sending) {
      const [id, data] = [randomUUID(), next()];
      while (!(await attempt(id, data))) await sleep(RETRY_PAUSE_MS);
    }
  });
  return {
    topic,
    acknowledged,
    refused,
    longestMs: () => longestMs,
    async stop() {
      sending = false;
      await Promise.all(senders);
    },
  };
}

/** Every acknowledged event is in the topic under the id it was acknowledged with, and reported; nothing else is. */
async function assertNothingLost(
  { kafka, codec }: Context,
  traffic: Traffic,
  isOurs: (key: string) => boolean = () => true,
): Promise<void> {
  const { topic } = traffic;
  const records = (await readTopics(kafka, [topic]))
    .filter(({ key }) => isOurs(String(key)))
    .map(({ headers }) => headerText(headers, 'ce_id'));
  const ids = new Set(records);
  const missing = [...traffic.acknowledged.values()].filter((id) => !ids.has(id));
  assert.equal(missing.slice(0, 5), [], `${missing.length} acknowledged events are not there`);
  assert.is(ids.size, traffic.acknowledged.size, 'a request that was repeated is one event');
  const reported = new Set(
    (await readReports(kafka, codec))
      .filter(({ stage, topic: about }) => stage === 'published' && about === topic)
      .map(({ eventId }) => eventId),
  );
  const unreported = [...traffic.acknowledged.values()].filter((id) => !reported.has(id));
  assert.equal(unreported.slice(0, 5), [], `${unreported.length} have no report`);
  console.log(
    `# ${traffic.acknowledged.size} acknowledged, all there and reported; ${records.length} records of ${ids.size} events; ` +
      `refused ${JSON.stringify([...traffic.refused])}; longest answer ${Math.round(traffic.longestMs())} ms`,
  );
}

/** Every acknowledged event moved the stock of its product once, and nothing else did. */
async function assertOneEffectEach({ consumers }: Context, traffic: Traffic): Promise<void> {
  const expected = [...traffic.acknowledged.values()].sort();
  await eventually(
    async () => {
      const { rows } = await consumers.query<{ cause: string }>(
        'select change_id as cause from inventory.stock_movements where product_id = any($1)',
        [products.all],
      );
      assert.equal(rows.map(({ cause }) => cause).sort(), expected);
    },
    { what: 'one movement of stock for each event', timeoutMs: 60_000, intervalMs: 200 },
  );
}

test('the API is killed under load: each event is there, reported, and has one effect', async (context) => {
  const traffic = startTraffic(context.api, 'product_updates', () => {
    const product = products.next();
    let stock = 0;
    return () => {
      stock += 1;
      return productUpdate(product, { stock_quantity: stock });
    };
  });
  for (let round = 1; round <= 3; round += 1) {
    const before = traffic.acknowledged.size;
    await eventually(() => traffic.acknowledged.size > before + 100, {
      what: 'events on their way',
      timeoutMs: 40_000,
    });
    context.api.kill('SIGKILL');
    await context.api.restart();
  }
  await traffic.stop();
  await assertNothingLost(context, traffic, (key) => products.all.includes(key));
  await assertOneEffectEach(context, traffic);
});

test('the broker is killed under load', async (context) => {
  const traffic = startTraffic(context.api, context.topic, () => () => ({ id: randomUUID() }));
  await eventually(() => traffic.acknowledged.size > 100, {
    what: 'events on their way',
    timeoutMs: 40_000,
  });
  context.stack.kill('kafka');
  await context.stack.waitHealthy('kafka');
  const before = traffic.acknowledged.size;
  await eventually(() => traffic.acknowledged.size > before + 100, {
    what: 'events after the outage',
    timeoutMs: 40_000,
  });
  await traffic.stop();
  assert.ok(traffic.longestMs() < DEADLINE_MS + SLACK_MS, `${traffic.longestMs()} ms`);
  assert.equal(
    [...traffic.refused.keys()].filter((status) => status !== 503),
    [],
  );
  await assertNothingLost(context, traffic);
});

test.run();
