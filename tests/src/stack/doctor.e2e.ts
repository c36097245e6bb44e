import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { examineStack } from '@shelfcast/local/doctor/examine';
import { readSettings } from '@shelfcast/local/settings';
import { asRemembered } from '@shelfcast/local/start/remember';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Finding } from '@shelfcast/service-kit/finding';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { openKafkaHarness } from '../support/kafka-harness.ts';
import { assertMirrored, connectPipeline } from '../support/pipeline.ts';

/** Breaks the running pipeline, one thing after the other, and heals it with the command that doctor names. */
const test = suite('doctor on a running pipeline');

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const SHELFCAST_STATE_DIR = fromEnvironment('TEST_STATE_DIR');
const settings = asRemembered(readSettings({ SHELFCAST_STATE_DIR }));
const pipeline = connectPipeline();

test.after(() => pipeline.close());

test('a pipeline that runs has no problem', async () => {
  await eventually(async () => assert.equal(await problems(), []), {
    timeoutMs: 60_000,
    intervalMs: 1_000,
    what: 'no problems',
  });
});

test('a captured table that left the publication: mended, and what was missed is read', async () => {
  await sql('alter publication shelfcast drop table public.countries');
  await sql("update public.countries set manager = 'missed by the stream'");
  const finding = await found(
    'published',
    /public\.countries is captured but not in the publication/,
  );

  heal(finding);

  await gone(finding);
  await assertMirrored(pipeline);
});

test('a publication without truncate', async () => {
  await sql("alter publication shelfcast set (publish = 'insert, update, delete')");
  const finding = await found('operations', /leaves out truncate/);

  heal(finding);

  await gone(finding);
});

test('another replica identity', async () => {
  await sql('alter table public.countries replica identity default');
  const finding = await found(
    'replica-identity',
    /public\.countries does not have REPLICA IDENTITY FULL/,
  );

  heal(finding);

  await gone(finding);
});

test('a stored generated column that is not published breaks the application’s updates', async () => {
  await sql('alter publication shelfcast set (publish_generated_columns = none)');
  await sql(
    'alter table public.countries add column doubled int generated always as (product_count * 2) stored',
  );
  try {
    await assertRefused('update public.countries set manager = manager');
    const finding = await found(
      'generated-columns',
      /Stored generated column public\.countries\.doubled/,
    );

    heal(finding);

    await gone(finding);
    await sql('update public.countries set manager = manager');
  } finally {
    await sql('alter table public.countries drop column doubled');
  }
});

test('a virtual generated column breaks them too, and cannot be published', async () => {
  await sql(
    'alter table public.countries add column doubled int generated always as (product_count * 2) virtual',
  );
  await assertRefused('update public.countries set manager = manager');
  const finding = await found(
    'generated-columns',
    /Virtual generated column public\.countries\.doubled/,
  );

  heal(finding);

  await gone(finding);
  await sql('update public.countries set manager = manager');
});

test('a connector role that may not read a table', async () => {
  await sql('revoke select on public.countries from debezium');
  const finding = await found('grant', /debezium may not read public\.countries/);

  heal(finding);

  await gone(finding);
});

for (const how of ['pause', 'stop'] as const) {
  test(`a connector after ${how}`, async () => {
    const client = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
    await client[how]('products');
    const finding = await found('connector', how === 'pause' ? /is PAUSED/ : /is STOPPED/);

    heal(finding);

    await gone(finding);
  });
}

test('a topic that takes smaller records than the others, and keeps them for another time', async () => {
  const harness = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  try {
    const { topicPartitions: partitions, replicationFactor } = settings.capture;
    const configs = { 'max.message.bytes': '1048576', 'retention.ms': '3600000' };
    await harness.admin.ensureTopics([
      { topic: 'country', partitions, replicationFactor, configs },
    ]);
  } finally {
    await harness.close();
  }
  const tooSmall = await found('record-size', /max\.message\.bytes of topic country is 1048576/);
  const tooShort = await found('topic-settings', /Topic country: retention\.ms is 3600000/);

  heal(tooSmall);

  await gone(tooSmall);
  await gone(tooShort);
});

test('what those have left out meanwhile is named, and read again by what it names', async () => {
  for (const finding of await problems()) heal(finding);

  await eventually(async () => assert.equal(await problems(), []), {
    timeoutMs: 60_000,
    intervalMs: 1_000,
    what: 'no problems',
  });
  await assertMirrored(pipeline);
});

async function problems(): Promise<Finding[]> {
  const groups = await examineStack(settings);
  return groups.flatMap(({ findings }) => findings).filter(({ level }) => level === 'problem');
}

/** The problem, once it shows. */
function found(check: string, summary: RegExp): Promise<Finding> {
  return eventually(
    async () => {
      const all = await problems();
      const finding = all.find((one) => one.check === check && summary.test(one.summary));
      if (!finding) throw new Error(`there are only ${JSON.stringify(all)}`);
      return finding;
    },
    { timeoutMs: 30_000, intervalMs: 500, what: `the problem ${check}` },
  );
}

async function gone({ check, summary }: Finding): Promise<void> {
  await eventually(
    async () => {
      const left = (await problems()).filter((one) => one.check === check);
      assert.equal(left, []);
    },
    { timeoutMs: 30_000, intervalMs: 500, what: `"${summary}" to be gone` },
  );
}

/** Pastes the command into a shell, as its reader would. */
function heal({ remedy = '' }: Finding): void {
  // This test may itself run under make.
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', remedy], {
    cwd: checkout,
    encoding: 'utf8',
    env: { ...env, SHELFCAST_STATE_DIR },
  });
  assert.is(status, 0, `${remedy}\n${stdout}${stderr}`);
}

async function sql(text: string): Promise<void> {
  await pipeline.products.query(text);
}

async function assertRefused(update: string): Promise<void> {
  const refusal = await sql(update).then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
  assert.match(refusal, 'cannot update table');
}

test.run();
