// Edit a row, and the monitor knows the whole way of the change.
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { getJson } from '../support/get-json.ts';
import { pageAnswer, recordAnswer, timelineAnswer } from '../support/monitor-answers.ts';
import { connectPipeline, type Pipeline } from '../support/pipeline.ts';
import { sharedStack } from '../support/test-stack.ts';

const KEY = 'MON-1';
const CONSUMERS = ['catalogue', 'inventory', 'pricing'];
const WAIT = { timeoutMs: 60_000, intervalMs: 100 };
const test = suite<Pipeline & { url: string }>('timeline of a change');

test.before(async (context) => {
  Object.assign(context, connectPipeline());
  context.url = `http://127.0.0.1:${(await sharedStack()).ports.monitor}`;
});
test.after(async ({ products, close }) => {
  await products.query('delete from products where product_id = $1', [KEY]);
  await close();
});

test("an edit's timeline is complete, and its times agree with the database's", async (context) => {
  const { products, url } = context;
  await products.query(
    `insert into products (product_id, name, price) values ($1, '<img onerror=alert(1)>', 19.90)`,
    [KEY],
  );
  const clock = async () => {
    const { rows } = await products.query<{ us: bigint }>(
      'select (extract(epoch from clock_timestamp()) * 1000000)::int8 as us',
    );
    return Number(rows[0]?.us);
  };
  const beforeUs = await clock();
  await products.query('update products set price = 17.90 where product_id = $1', [KEY]);
  const afterUs = await clock();

  const { timeline } = await eventually(
    async () => {
      const { items } = pageAnswer.parse(
        await getJson(`${url}/api/events?key=${KEY}&from=${Math.floor(beforeUs / 1000)}`),
      );
      const [edit] = items;
      if (edit === undefined) return false;
      const found = timelineAnswer.parse(await getJson(`${url}/api/events/${edit.eventId}`));
      return (
        found.complete &&
        CONSUMERS.length <= found.services.length &&
        found.missing.length === 0 && {
          timeline: found,
        }
      );
    },
    { ...WAIT, what: 'the timeline is complete' },
  );
  assert.ok(timeline.committedAtUs >= beforeUs && timeline.committedAtUs <= afterUs);
  assert.equal(
    timeline.services.map(({ service, state }) => [service, state]),
    CONSUMERS.map((service) => [service, 'processed']),
  );
  const steps = timeline.stages.map(({ stage }) => stage);
  assert.equal(steps[0], 'committed');
  for (const stage of ['decoded', 'appended', 'captured']) assert.ok(steps.includes(stage), stage);
  for (const { gapMs, sinceCommitMs } of timeline.stages)
    assert.ok(gapMs >= 0 && sinceCommitMs >= 0);
  assert.not(timeline.clockSkew, JSON.stringify(timeline.stages));
  for (const { stage, service, sinceCommitMs } of timeline.stages) {
    console.log(`# ${stage} ${service}: ${sinceCommitMs.toFixed(1)} ms after the commit`);
  }

  const record = recordAnswer.parse(await getJson(`${url}/api/events/${timeline.eventId}/record`));
  assert.equal([record.op, record.before?.price, record.after?.price], ['u', '19.90', '17.90']);
  assert.ok(record.valueSchemaId !== null);
  assert.ok('epoch' in record.headers);
});

test.run();
