// What we write is what other tools read: Confluent's own Python client decodes our topics with the registry.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline, eventuallyProduct, type Pipeline } from '../support/pipeline.ts';
import { kafkaAt } from '../support/pipeline-kafka.ts';
import { hasPython, pythonWith, run } from '../support/python.ts';
import { registryJson } from '../support/registry-json.ts';

const PRODUCTS = 'pis.public.products';
const PACKAGES = ['confluent-kafka[avro]==2.12.2'];
const SCRIPT = fileURLToPath(new URL('../../src/support/decode_topics.py', import.meta.url));

const decodedLine = z.object({ topic: z.string(), key: z.unknown(), value: z.unknown() });
type Decoded = z.output<typeof decodedLine>;

const test = suite<Pipeline>("Confluent's deserializer");

test.before((context) => {
  Object.assign(context, connectPipeline());
});
test.after((context) => context.close());

test('the registry names the schemas of our topics the way Confluent’s clients ask for them', async () => {
  for (const subject of [`${PRODUCTS}-key`, `${PRODUCTS}-value`, `${MONITORING_TOPIC}-value`]) {
    const { id, schema } = z
      .object({ id: z.number(), schema: z.string() })
      .parse(await registryJson(`/subjects/${subject}/versions/latest`));
    const byId = await registryJson(`/schemas/ids/${id}`);
    assert.equal(
      JSON.parse(z.object({ schema: z.string() }).parse(byId).schema),
      JSON.parse(schema),
    );
  }
});

async function decodesOurTopics(pipeline: Pipeline): Promise<void> {
  const folder = join(fromEnvironment('TEST_STATE_DIR'), 'python');
  const python = await pythonWith(folder, PACKAGES);
  const places = await endsOf([PRODUCTS, MONITORING_TOPIC]);
  const id = `PY-${randomUUID().slice(0, 8)}`;

  await pipeline.products.query(
    'alter table products add column wide numeric, add column blob bytea',
  );
  try {
    await pipeline.products.query(
      `insert into products (product_id, name, price, weight_kg, wide, blob)
       values ($1, 'Größe 😀', 19.90, 0.125, 12345678901234567890.12345, '\\x00ff10')`,
      [id],
    );
    await pipeline.products.query('delete from products where product_id = $1', [id]);
  } finally {
    await pipeline.products.query('alter table products drop column wide, drop column blob');
  }
  await eventuallyProduct(pipeline, id, (row) => assert.is(row, undefined));

  await eventually(
    async () => {
      const lines = await decode(python, places);
      const [created, deleted] = lines.filter(
        ({ topic, key }) => topic === PRODUCTS && isKeyOf(id, key),
      );
      assert.equal(envelope.parse(created?.value), {
        op: 'c',
        before: null,
        after: {
          name: 'Größe 😀',
          price: '19.90',
          weight_kg: '0.125',
          wide: '12345678901234567890.12345',
          blob: '00ff10',
        },
      });
      assert.is(envelope.parse(deleted?.value).op, 'd');
      const reports = lines
        .filter(({ topic }) => topic === MONITORING_TOPIC)
        .map(({ value }) => report.parse(value))
        .filter(({ key, service }) => key === id && service === 'catalogue');
      assert.equal(
        reports.map(({ service, stage }) => `${service} ${stage}`),
        ['catalogue processed', 'catalogue processed'],
      );
    },
    { timeoutMs: 60_000, intervalMs: 1_000, what: 'both changes and their reports' },
  );
}

const note = 'decodes our CDC topics and the monitoring topic';
if (hasPython()) test(note, decodesOurTopics);
else test.skip(`${note}: skipped, there is no python3 with venv on this machine`);

const decimal = z.object({ decimal: z.string() }).transform((value) => value.decimal);
const bytes = z
  .object({ base64: z.string() })
  .transform(({ base64 }) => Buffer.from(base64, 'base64'));
const row = z.object({
  name: z.string(),
  price: decimal,
  weight_kg: decimal,
  // Debezium's VariableScaleDecimal: a reader that does not know it finds its scale and its digits.
  wide: z
    .object({ scale: z.number(), value: bytes })
    .transform(({ scale, value }) => withPoint(BigInt(`0x${value.toString('hex')}`), scale)),
  blob: bytes.transform((value) => value.toString('hex')),
});
const envelope = z.object({ op: z.string(), before: row.nullable(), after: row.nullable() });
const report = z.object({ key: z.string().nullable(), service: z.string(), stage: z.string() });

function withPoint(digits: bigint, scale: number): string {
  const text = digits.toString();
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

function isKeyOf(id: string, key: unknown): boolean {
  return z.object({ product_id: z.literal(id) }).safeParse(key).success;
}

async function decode(python: string, places: readonly string[]): Promise<Decoded[]> {
  const output = await run(python, [
    SCRIPT,
    fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'),
    fromEnvironment('SCHEMA_REGISTRY_URL'),
    ...places,
  ]);
  const lines = output.split('\n').filter((line) => line !== '');
  return lines.map((line) => decodedLine.parse(JSON.parse(line)));
}

/** The ends of all partitions now, as the script takes them. */
async function endsOf(topics: readonly string[]): Promise<string[]> {
  const admin = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createAdmin();
  try {
    const places: string[] = [];
    for (const topic of topics) {
      for (const [partition, end] of await admin.highWatermarks(topic)) {
        places.push(`${topic}/${partition}@${end}`);
      }
    }
    return places;
  } finally {
    await admin.close();
  }
}

test.run();
