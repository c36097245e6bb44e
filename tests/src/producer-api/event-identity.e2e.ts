// An event is known by who sent it and the id it was given: nothing that was acknowledged is taken for another event.
import { createHash, randomUUID } from 'node:crypto';
import type { Codec } from '@shelfcast/schemas/codec';
import { headerText } from '@shelfcast/schemas/headers';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka, KafkaProducer } from '@shelfcast/service-kit/kafka/types';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import {
  createProductIds,
  giveToDatabase,
  productUpdate,
  publish,
} from '../support/manual-events.ts';
import { connectPipeline, eventuallyProduct, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { type Answer, startTestApi, type TestApi } from '../support/producer-api.ts';
import { readReports, readTopics } from '../support/topic-reader.ts';

interface Context extends Pipeline {
  /** Open to this machine, without tokens. */
  open: TestApi;
  /** With the tokens of two publishers. */
  guarded: TestApi;
  kafka: Kafka;
  codec: Codec;
  producer: KafkaProducer;
}

const test = suite<Context>('identity of events');
const products = createProductIds();
const TOPIC = 'product_updates';
const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const BATCH = { 'content-type': 'application/cloudevents-batch+json' };
const TOKENS = { a: `token-${randomUUID()}`, b: `token-${randomUUID()}` };
const as = (caller: keyof typeof TOKENS) => ({ authorization: `Bearer ${TOKENS[caller]}` });

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  const hash = (token: string) => createHash('sha256').update(token).digest('hex');
  context.open = await startTestApi();
  context.guarded = await startTestApi({
    API_TOKENS: `a:publisher:${hash(TOKENS.a)},b:publisher:${hash(TOKENS.b)}`,
  });
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  context.producer = await context.kafka.createProducer();
});
test.after(async (context) => {
  await giveToDatabase(context, products.all);
  await context.producer?.close();
  context.codec?.close();
  await context.open?.close();
  await context.guarded?.close();
  await context.close?.();
});

interface Event {
  readonly source: string;
  readonly id: string;
  readonly data: object;
  readonly topic?: string;
}

const structured = ({ source, id, data, topic = TOPIC }: Event) => ({
  ...{ specversion: '1.0', source, id, type: topic, data },
});

/** The same event in each of the forms that carry a CloudEvent, or under an Idempotency-Key. */
const FORMS: Readonly<
  Record<string, (api: TestApi, event: Event, headers?: Record<string, string>) => Promise<Answer>>
> = {
  structured: (api, event, headers) =>
    api.call('POST', '/events', structured(event), { ...STRUCTURED, ...headers }),
  binary: (api, { source, id, data, topic = TOPIC }, headers) =>
    api.call('POST', '/events', data, {
      ...{ 'ce-specversion': '1.0', 'ce-source': source, 'ce-type': topic },
      'ce-id': encodeURIComponent(id),
      ...headers,
    }),
  async batch(api, event, headers) {
    const answer = await api.call('POST', '/events/batch', [structured(event)], {
      ...BATCH,
      ...headers,
    });
    const [result] = answer.body.results ?? [];
    return {
      ...answer,
      status: result?.status ?? answer.status,
      body: { ...answer.body, ...result, violations: result?.problem?.violations },
    };
  },
};

async function eventuallyNamed(context: Context, product: string, name: string): Promise<void> {
  await eventuallyProduct(context, product, (row) => assert.is(row?.name, name));
}

async function forget({ databaseUrl }: TestApi): Promise<void> {
  await query(databaseUrl, 'delete from producer.idempotency_keys', []);
}

async function query(url: string, sql: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql, values);
  } finally {
    await client.end();
  }
}

async function reportsOf({ kafka, codec }: Context, eventId: string | undefined) {
  const reports = await readReports(kafka, codec);
  return reports.filter((report) => report.eventId === eventId);
}

test('two shops that number their events alike: what was acknowledged of either is there', async (context) => {
  const { open } = context;
  const run = randomUUID().slice(0, 8);
  const sent: { product: string; name: string; eventId: string | undefined }[] = [];
  for (const [form, send] of Object.entries(FORMS)) {
    for (let nr = 1; nr <= 7; nr += 1) {
      for (const shop of ['berlin', 'oslo']) {
        const product = products.next();
        const name = `${form} ${nr} of ${shop}`;
        const { status, body } = await send(open, {
          ...{ source: `https://${shop}.example/till`, id: `${run}-${form}-${nr}` },
          data: productUpdate(product, { name }),
        });
        assert.is(status, 202, JSON.stringify(body));
        sent.push({ product, name, eventId: body.id });
      }
    }
  }
  assert.is(new Set(sent.map(({ eventId }) => eventId)).size, sent.length);
  for (const { product, name } of sent) await eventuallyNamed(context, product, name);
});

test('the id that a sender gave stays an attribute, beside the event’s own', async (context) => {
  const product = products.next();
  const source = '/shop/till%201';
  const event = { source, id: randomUUID(), data: productUpdate(product) };
  const { body } = await context.guarded.call('POST', '/events', structured(event), {
    ...STRUCTURED,
    ...as('a'),
  });
  const records = await readTopics(context.kafka, [TOPIC]);
  const record = records.find(({ headers }) => headerText(headers, 'ce_id') === body.id);
  assert.equal(
    ['ce_source', 'ce_sourceid'].map((name) => headerText(record?.headers ?? {}, name)),
    [source, event.id],
  );
  const published = (await reportsOf(context, body.id)).find(({ stage }) => stage === 'published');
  assert.equal(parseDetails(published ?? { details: null }).sender, {
    ...{ caller: 'a', source, id: event.id },
  });
});

test('an event that comes again in another form is one', async ({ guarded }) => {
  const event = {
    ...{ source: 'urn:shop:1', id: `Müller & Söhne #${randomUUID()}` },
    data: productUpdate(products.next()),
  };
  const answers: Answer[] = [];
  for (const send of Object.values(FORMS)) answers.push(await send(guarded, event, as('a')));
  const [first] = answers;
  for (const { status, body } of answers) {
    assert.equal([status, body.id, body.offset], [202, first?.body.id, first?.body.offset]);
  }
});

test('no caller can use up the ids of another, nor speak under them', async (context) => {
  const { guarded } = context;
  for (const [form, send] of Object.entries(FORMS)) {
    const product = products.next();
    const event = { source: '/shops/a', id: randomUUID() };
    const burnt = await send(
      guarded,
      { ...event, data: productUpdate(product, { name: 'By b' }) },
      as('b'),
    );
    const own = await send(
      guarded,
      { ...event, data: productUpdate(product, { name: 'By a' }) },
      as('a'),
    );
    assert.equal([burnt.status, own.status], [202, 202], form);
    assert.is.not(own.body.id, burnt.body.id, form);
    await eventuallyNamed(context, product, 'By a');
  }
  const product = products.next();
  const key = { 'idempotency-key': randomUUID() };
  for (const caller of ['b', 'a'] as const) {
    const event = { topic: TOPIC, data: productUpdate(product, { name: `Keyed by ${caller}` }) };
    const answer = await guarded.call('POST', '/events', event, { ...key, ...as(caller) });
    assert.is(answer.status, 202);
  }
  await eventuallyNamed(context, product, 'Keyed by a');
});

test('ids of the form that captured changes have are refused', async (context) => {
  const { consumers, open } = context;
  const { rows } = await consumers.query<{ id: string }>(
    `select change_id as id from inventory.stock_movements where origin = 'cdc' limit 1`,
  );
  const captured = rows[0]?.id ?? '';
  for (const [form, send] of Object.entries(FORMS)) {
    for (const id of [
      ...[captured, captured.toUpperCase(), `urn:uuid:${captured}`, `URN:UUID:{${captured}}`],
      ...[`{${captured}}`, ` ${captured}`, `${captured} `],
    ]) {
      const { status, body } = await send(open, {
        ...{ source: '/shop', id, data: productUpdate('never') },
      });
      assert.is(status, 422, `${form} ${id}`);
      assert.equal(
        body.violations?.map(({ code }) => code),
        ['reserved'],
        form,
      );
    }
  }
});

test('a reused id with another content is refused while it is remembered, and then an event of its own', async (context) => {
  const { open } = context;
  const product = products.next();
  const event = { source: '/shop/daily', id: '1' };
  const first = { ...event, data: productUpdate(product, { name: 'Monday' }) };
  const second = { ...event, data: productUpdate(product, { name: 'Tuesday' }) };
  const elsewhere = { ...event, topic: 'country', data: { country_id: 'NO', name: 'Norway' } };
  const monday = await FORMS.structured?.(open, first);
  assert.is(monday?.status, 202);
  assert.is((await FORMS.structured?.(open, second))?.status, 409, 'another content');
  const { data: _, ...country } = elsewhere;
  const full = { manager: 'M', product_count: 1, total_sales: '1.00', last_updated: null };
  const other = { ...country, data: { ...elsewhere.data, ...full } };
  assert.is((await FORMS.structured?.(open, other))?.status, 409, 'another topic');

  await forget(open);
  const tuesday = await FORMS.structured?.(open, second);
  assert.is(tuesday?.status, 202);
  await eventuallyNamed(context, product, 'Tuesday');
  await forget(open);
  const repeated = await FORMS.structured?.(open, first);
  assert.equal([repeated?.status, repeated?.body.id], [202, monday?.body.id]);
  await eventually(
    async () => {
      const reasons = (await reportsOf(context, monday?.body.id))
        .filter(({ stage }) => stage === 'skipped')
        .map((report) => parseDetails(report).reason);
      assert.equal(new Set(reasons), new Set(['an event with this id was handled before']));
    },
    { timeoutMs: 20_000, intervalMs: 200, what: 'the repetition is told as one' },
  );
  await eventuallyNamed(context, product, 'Tuesday');
});

/** What a process of before wrote when it accepted a CloudEvent: its id was the sender's. */
async function noteAsBefore(
  { databaseUrl }: TestApi,
  { source, id, data }: Event,
  receipt: object | null,
): Promise<void> {
  const digest = (parts: readonly unknown[]) =>
    createHash('sha256').update(JSON.stringify(parts)).digest();
  await query(
    databaseUrl,
    `insert into producer.idempotency_keys
       (caller, key, item, fingerprint, event_id, accepted_at_us, receipt, lease, leased_until, expires_at)
     values ('anyone', $1, 0, $2, $3, 1, $4, gen_random_uuid(), now() - interval '1 s', now() + interval '1 day')`,
    [
      `cloudevent:${digest([source, id]).toString('hex')}`,
      digest([TOPIC, '', JSON.stringify(data), TOPIC, undefined]),
      id,
      receipt === null ? null : JSON.stringify(receipt),
    ],
  );
}

test('what was remembered before ids were derived goes on', async (context) => {
  const { open } = context;
  const product = products.next();
  const data = productUpdate(product, { name: 'Before' });
  const event = { source: '/shop', id: `order-${randomUUID()}`, data };

  // Answered before: the same answer again.
  const receipt = { id: event.id, topic: TOPIC, partition: 0, offset: 7, timestamp: '2026-11-01' };
  await noteAsBefore(open, event, receipt);
  const again = await FORMS.structured?.(open, event);
  assert.equal([again?.status, again?.body], [202, receipt]);

  // Written before, its answer lost: written again under the id that consumers know it by.
  await forget(open);
  await publish(context, data, { id: event.id });
  await eventuallyNamed(context, product, 'Before');
  await publish(context, productUpdate(product, { name: 'Between' }));
  await eventuallyNamed(context, product, 'Between');
  await noteAsBefore(open, event, null);
  const retried = await FORMS.structured?.(open, event);
  assert.equal([retried?.status, retried?.body.id], [202, event.id]);
  await eventually(
    async () => {
      const skipped = (await reportsOf(context, event.id)).filter(
        ({ stage }) => stage === 'skipped',
      );
      assert.equal(new Set(skipped.map(({ service }) => service)).size, 3);
    },
    { timeoutMs: 20_000, intervalMs: 200, what: 'no consumer handles it twice' },
  );
  await eventuallyNamed(context, product, 'Between');

  // An id that consumers know from before, of another sender: an event like any other.
  const other = products.next();
  const named = { source: '/elsewhere', id: event.id, data: productUpdate(other, { name: 'New' }) };
  assert.is((await FORMS.structured?.(open, named))?.status, 202);
  await eventuallyNamed(context, other, 'New');
});

test.run();
