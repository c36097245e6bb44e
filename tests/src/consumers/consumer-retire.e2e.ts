// A consumer that no longer runs is forgotten on request, and not reported as missing.
import { eventually } from '@shelfcast/service-kit/eventually';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { connectPipeline } from '../support/pipeline.ts';
import { kafkaAt } from '../support/pipeline-kafka.ts';
import { runCommand } from '../support/run-command.ts';

const test = suite('consumer-retire');
const { consumers, close } = connectPipeline();
const admin = kafkaAt(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS')).createAdmin();
const gone = `gone_${Date.now().toString(36)}`;

test.after(async () => {
  await consumers.query('delete from runtime.retired where consumer = $1', [gone]);
  await consumers.query(`drop schema if exists ${gone} cascade`);
  await admin.close();
  await close();
});

const retire = (variables: Record<string, string>) => runCommand('make consumer-retire', variables);

test('refused while a process hosts it, for an unknown one, and without an answer', async () => {
  const hosted = await retire({ CONSUMER: 'inventory', YES: '1' });
  assert.is(hosted.status, 2);
  assert.match(hosted.output, /hosts? inventory: .* Nothing was changed/);
  const unknown = await retire({ CONSUMER: 'graphile_worker', YES: '1', PURGE: '1' });
  assert.is(unknown.status, 2);
  assert.match(unknown.output, /Nothing is known of a consumer graphile_worker/);
});

test('its offsets, rows and parked changes go, its schema on request, and it may be asked twice', async () => {
  await consumers.query(`create schema ${gone}`);
  await consumers.query(
    `insert into runtime.floors (consumer, entity, position) values ($1, 'products', '')`,
    [gone],
  );
  await consumers.query(
    `insert into runtime.parked_changes (consumer, entity, key, topic, partition, "offset", headers, timestamp_ms)
     values ($1, 'products', 'k', 'pis.public.products', 0, 0, '{}', 0)`,
    [gone],
  );
  await admin.setGroupOffsets(gone, [{ topic: 'pis.public.products', partition: 0, offset: 0n }]);
  const unasked = await retire({ CONSUMER: gone });
  assert.is(unasked.status, 2);
  assert.match(unasked.output, /1 changes that could not be applied[\s\S]*Say YES=1/);

  const { status, output } = await retire({ CONSUMER: gone, YES: '1' });
  assert.is(status, 0, output);
  const left = await consumers.query(
    'select 1 from runtime.floors where consumer = $1 union all select 1 from runtime.parked_changes where consumer = $1',
    [gone],
  );
  assert.is(left.rowCount, 0);
  await eventually(async () => assert.equal(await admin.groupOffsets(gone), []), {
    what: 'its offsets are gone',
  });
  const again = await retire({ CONSUMER: gone, YES: '1', PURGE: '1' });
  assert.is(again.status, 0, again.output);
  const schemas = await consumers.query('select from pg_namespace where nspname = $1', [gone]);
  assert.is(schemas.rowCount, 0);
});

test.run();
