// Every CDC record is reported as captured, once it can be read; a crash leaves no gap.
import type { Codec } from '@shelfcast/schemas/codec';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { codecAt, kafkaAt } from '../support/pipeline-kafka.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports } from '../support/topic-reader.ts';

interface Context extends Pipeline {
  kafka: Kafka;
  codec: Codec;
}

const PREFIX = 'CAP-';
const test = suite<Context>('capture reports');

test.before((context) => {
  Object.assign(context, connectPipeline());
  context.kafka = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
});
test.after(async (context) => {
  await context.products.query(`delete from products where product_id like '${PREFIX}%'`);
  context.codec.close();
  await context.close();
});

async function capturedOf({ kafka, codec }: Context, prefix: string) {
  const reports = await readReports(kafka, codec, MONITORING_TOPIC);
  return reports.filter(
    ({ stage, key }) => stage === 'captured' && key?.startsWith(prefix) === true,
  );
}

test('an edit is reported with its times, and price 19.90 → 17.90', async (context) => {
  const key = `${PREFIX}1`;
  await context.products.query(
    `insert into products (product_id, name, price) values ($1, 'Captured', 19.90)`,
    [key],
  );
  await context.products.query('update products set price = 17.90 where product_id = $1', [key]);
  await eventually(async () => assert.is((await capturedOf(context, key)).length, 2), {
    timeoutMs: 30_000,
    intervalMs: 250,
    what: 'two reports',
  });
  const edit = (await capturedOf(context, key)).find(
    (report) => parseDetails(report).op === 'update',
  );
  assert.ok(edit);
  const { changed, debeziumAtUs, brokerAtMs } = parseDetails(edit);
  const price = changed?.find(({ column }) => column === 'price');
  assert.equal([price?.before, price?.after], ['19.90', '17.90']);
  // Commit, Debezium, broker, report: one machine, one clock; the broker's has whole milliseconds.
  const times = [
    edit.occurredAt,
    BigInt(debeziumAtUs ?? 0),
    BigInt(brokerAtMs ?? 0) * 1000n + 999n,
  ];
  for (const [nr, time] of times.entries()) assert.ok(nr === 0 || time >= (times[nr - 1] ?? 0n));
  assert.ok(edit.at >= BigInt(brokerAtMs ?? 0) * 1000n);
});

test('killed in the middle of 2,000 changes, it reports each of them', async (context) => {
  const stack = await sharedStack();
  for (let round = 0; round < 4; round += 1) {
    await context.products.query(
      `insert into products (product_id, name, price)
       select '${PREFIX}K' || nr, 'Captured', 1 from generate_series($1::int, $2::int) nr`,
      [round * 500, round * 500 + 499],
    );
    if (round % 2 === 1) {
      await stack.waitHealthy('capture-reports');
      stack.kill('capture-reports');
    }
  }
  await stack.waitHealthy('capture-reports');
  await eventually(
    async () => {
      const events = (await capturedOf(context, `${PREFIX}K`)).map(({ eventId }) => eventId);
      assert.is(new Set(events).size, 2_000);
    },
    { timeoutMs: 60_000, intervalMs: 500, what: 'a report of every change' },
  );
  const all = await capturedOf(context, `${PREFIX}K`);
  const ids = new Set(all.map(({ id }) => id));
  assert.is(ids.size, 2_000, 'what is reported again has the id it had');
  console.log(`# 2000 changes, ${all.length - ids.size} reports came twice`);
});

test.run();
