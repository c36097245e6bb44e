// The monitoring database is away, the monitor killed and Kafka restarted while reports go on coming and pages look on:
// nothing is missing, nothing is stored or told twice. SOAK=1: away for a minute, more reports and more pages.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { followLive, type LiveFollower } from '../support/follow-live.ts';
import { type KafkaHarness, openKafkaHarness } from '../support/kafka-harness.ts';
import { madeReport } from '../support/made-reports.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import { codecAt } from '../support/pipeline-kafka.ts';
import { sharedStack } from '../support/test-stack.ts';
import { readReports } from '../support/topic-reader.ts';

const SOAK = process.env.SOAK === '1';
const AWAY_MS = SOAK ? 60_000 : 10_000;
const REPORTS_PER_SECOND = SOAK ? 1_000 : 300;
const PAGES = SOAK ? 20 : 4;
const WAVE_MS = 100;
const PARTITIONS = 6;
const WAIT = { timeoutMs: 300_000, intervalMs: 250 };

interface Context {
  kafka: KafkaHarness;
  topic: string;
  first: TestMonitor;
  second: TestMonitor;
}

const test = suite<Context>('outages under live pages');

test.before(async (context) => {
  context.kafka = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  context.topic = await context.kafka.newTopic({ partitions: PARTITIONS });
  const settings = {
    MONITORING_TOPIC: context.topic,
    MONITORING_GROUP: context.kafka.uniqueName('monitor'),
    LIVE_RECENT_REPORTS: '500',
  };
  context.first = await startTestMonitor(settings);
  context.second = await startTestMonitor({
    ...settings,
    MONITORING_DATABASE_URL: context.first.databaseUrl,
  });
});
test.after(async ({ kafka, first, second }) => {
  await second.close();
  await first.close();
  await kafka.close();
});

test('what was reported is stored once, and told each page once', async ({
  kafka,
  topic,
  first,
  second,
}) => {
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const stack = await sharedStack();
  const encode = await codec.encoder(MONITORING_EVENT);
  const publisher = createMonitoringPublisher({ producer: kafka.producer, encode, topic });
  const service = `outage-${randomBytes(4).toString('hex')}`;
  const urls = [first.url, second.url];
  const pages: LiveFollower[] = [];
  for (let nr = 0; nr < PAGES; nr += 1) {
    pages.push(await followLive(nr % 2 === 0 ? urls : [...urls].reverse(), { service }));
  }

  let written = 0;
  let isWriting = true;
  async function write(): Promise<void> {
    while (isWriting) {
      const wave = Array.from({ length: (REPORTS_PER_SECOND * WAVE_MS) / 1_000 }, (_, index) =>
        madeReport({
          ...{ service, stage: 'processed', topic: 'pis.public.products', afterMs: 3 },
          eventId: `${service}-${written + index}`,
          occurredAtUs: Date.now() * 1_000,
        }),
      );
      // Reports in flight when Kafka died may be lost or not: they are written again, as services do.
      while (
        !(await publisher.report(wave).then(
          () => true,
          () => false,
        ))
      );
      written += wave.length;
      await delay(WAVE_MS);
    }
  }
  const writing = write();
  const untilMore = (count: number) => {
    const goal = written + count;
    return eventually(() => written >= goal, { ...WAIT, what: 'more reports are written' });
  };

  const setAllowed = await openDatabaseSwitch(first.databaseUrl);
  try {
    await untilMore(REPORTS_PER_SECOND);
    await setAllowed(false);
    await delay(AWAY_MS / 3);
    first.kill('SIGKILL');
    await first.restart();
    await delay(AWAY_MS / 3);
    const killedAt = performance.now();
    stack.kill('kafka');
    await stack.waitHealthy('kafka');
    await untilMore(REPORTS_PER_SECOND);
    console.log(`# Kafka killed: written to again after ${ms(killedAt)} ms`);
    await delay(AWAY_MS / 3);
  } finally {
    await setAllowed(true);
    await untilMore(REPORTS_PER_SECOND);
    isWriting = false;
    await writing;
  }

  const backAt = performance.now();
  await eventually(
    async () => assert.is(await countOf(first.databaseUrl, 'count(distinct event_id)'), written),
    { ...WAIT, what: `all ${written} reports are stored` },
  );
  console.log(`# ${written} reports, all stored ${ms(backAt)} ms after the last`);
  assert.is(await countOf(first.databaseUrl, 'count(*)'), written, 'none is stored twice');
  const counted = await countOf(first.databaseUrl, 'sum(count)', 'numbers');
  assert.is(counted, written, 'none is counted twice');

  // What Kafka holds, in its order: a report that was written there twice is told twice, under one id.
  const inKafka = (await readReports(kafka.kafka, codec, topic)).map(({ id }) => id).sort();
  for (const page of pages) {
    await eventually(() => page.items().length >= inKafka.length, {
      ...WAIT,
      what: 'a page has everything',
    });
  }
  for (const page of pages) {
    const told = page.items().map(({ id }) => id);
    assert.equal(told.sort(), inKafka);
    assert.equal([page.gaps(), page.sampled()], [0, 0]);
  }
  const connections = pages.map((page) => page.connections());
  assert.ok(
    connections.some((count) => count > 1),
    'pages did connect again',
  );
  console.log(
    `# ${PAGES} pages over ${connections.join(', ')} connections: ${inKafka.length} each (${inKafka.length - written} written twice)`,
  );
  for (const page of pages) await page.close();
  codec.close();
});

function ms(sinceMs: number): number {
  return Math.round(performance.now() - sinceMs);
}

/** Sends everybody away from a database, and lets them in again. */
async function openDatabaseSwitch(url: string): Promise<(allowed: boolean) => Promise<void>> {
  const database = new URL(url).pathname.slice(1);
  return async (allowed) => {
    const admin = new pg.Client({ connectionString: fromEnvironment('TEST_POSTGRES_URL') });
    await admin.connect();
    try {
      await admin.query(`alter database ${database} allow_connections ${allowed}`);
      if (allowed) return;
      await admin.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
        [database],
      );
    } finally {
      await admin.end();
    }
  };
}

async function countOf(url: string, what: string, table = 'reports'): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      `select ${what}::text as count from monitoring.${table}`,
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

test.run();
