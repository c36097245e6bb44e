// Every report is stored once and counted once, also across kills; the counts are true.
import { randomUUID } from 'node:crypto';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import pg from 'pg';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fromEnvironment } from '../support/environment.ts';
import { getJson } from '../support/get-json.ts';
import { type KafkaHarness, openKafkaHarness } from '../support/kafka-harness.ts';
import { madeReport } from '../support/made-reports.ts';
import { startTestMonitor, type TestMonitor } from '../support/monitor.ts';
import {
  lagAnswer,
  pageAnswer,
  readyAnswer,
  seriesAnswer,
  summaryAnswer,
  timelineAnswer,
} from '../support/monitor-answers.ts';
import { codecAt } from '../support/pipeline-kafka.ts';

interface Context {
  kafka: KafkaHarness;
  monitor: TestMonitor;
  /** Topic of the events that the reports are about. */
  events: string;
  groups: readonly [string, string];
  publish(reports: readonly MonitoringEvent[]): Promise<void>;
  close(): void;
}

const EVENTS = 4_000;
const WAIT = { timeoutMs: 60_000, intervalMs: 250 };
const test = suite<Context>('what the monitor stores');

test.before(async (context) => {
  const kafka = await openKafkaHarness(fromEnvironment('KAFKA_BOOTSTRAP_SERVERS'));
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const reports = await kafka.newTopic({ partitions: 3 });
  const events = await kafka.newTopic({ partitions: 1 });
  const groups = [kafka.uniqueName('first'), kafka.uniqueName('second')] as const;
  await kafka.producer.send([
    { topic: events, key: 'k', value: Buffer.from('one') },
    { topic: events, key: 'k', value: Buffer.from('two') },
  ]);
  for (const group of groups) {
    await kafka.admin.setGroupOffsets(group, [{ topic: events, partition: 0, offset: 1n }]);
  }
  const publisher = createMonitoringPublisher({
    producer: kafka.producer,
    encode: await codec.encoder(MONITORING_EVENT),
    topic: reports,
  });
  const monitor = await startTestMonitor({
    MONITORING_TOPIC: reports,
    MONITORING_GROUP: kafka.uniqueName('monitor'),
    CONSUMER_GROUPS: groups.join(','),
  });
  Object.assign(context, { kafka, monitor, events, groups });
  context.publish = (some) => publisher.report(some);
  context.close = () => codec.close();
});
test.after(async ({ kafka, monitor, groups, close }) => {
  await monitor.close();
  close();
  for (const group of groups) await kafka.admin.deleteGroup(group);
  await kafka.close();
});

/** Events of the last minutes, each captured and processed by both consumers, with latencies of all sizes. */
function madeEvents({ events, groups }: Context, nowMs: number): MonitoringEvent[] {
  return Array.from({ length: EVENTS }, (_, nr) => {
    const occurredAtUs = Math.round((nowMs - 20_000 - (nr % 200_000)) * 1000) + (nr % 1000);
    const about = { eventId: `made-${nr}`, topic: events, key: `K-${nr % 100}`, occurredAtUs };
    return [
      madeReport({ ...about, service: 'capture', stage: 'captured', afterMs: 2 }),
      madeReport({ ...about, service: groups[0], stage: 'processed', afterMs: latencyMs(nr, 1) }),
      madeReport({ ...about, service: groups[1], stage: 'processed', afterMs: latencyMs(nr, 2) }),
    ];
  }).flat();
}

/** From 1 ms to some seconds, the same for the same event and consumer. */
function latencyMs(nr: number, consumer: number): number {
  const spread = ((nr * 7_919 * consumer) % EVENTS) / EVENTS;
  return Math.round(1000 * Math.exp(spread * 8) * consumer) / 1000;
}

test('down, killed and told twice: nothing is missing, nothing is there or counted twice', async (context) => {
  const { monitor, publish, groups } = context;
  const nowMs = Date.now();
  const reports = madeEvents(context, nowMs);
  const third = Math.floor(reports.length / 3);
  const database = new URL(monitor.databaseUrl).pathname.slice(1);
  const admin = new pg.Client({ connectionString: fromEnvironment('TEST_POSTGRES_URL') });
  await admin.connect();
  try {
    await publish(reports.slice(0, third));
    await eventually(async () => (await storedIn(monitor)) > 0, { ...WAIT, what: 'first reports' });

    // The database goes, and reports go on coming.
    await admin.query(`alter database ${database} allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      database,
    ]);
    await publish(reports.slice(0, 2 * third));
    await eventually(
      async () => {
        const answer = await fetch(`${monitor.url}/readyz`);
        const { ready, checks } = readyAnswer.parse(await answer.json());
        assert.not(ready);
        assert.match(checks.ingest ?? '', 'database');
      },
      { ...WAIT, what: 'the monitor says that the database is away' },
    );
    monitor.kill('SIGKILL');
    await monitor.restart();
    await admin.query(`alter database ${database} allow_connections true`);
    await publish(reports.slice(third));
  } finally {
    await admin.end();
  }
  await eventually(async () => assert.is(await storedIn(monitor), reports.length), {
    ...WAIT,
    what: 'every report is stored',
  });
  const summary = summaryAnswer.parse(await getJson(`${monitor.url}/api/summary?window=10m`));
  assert.is(summary.latencyMs?.count, EVENTS);
  for (const service of ['capture', ...groups]) {
    const own = summary.services.find((one) => one.service === service);
    assert.is(own?.latencyMs?.count ?? own?.stages.captured, EVENTS, service);
  }

  // Percentiles against those of the raw values.
  const raw = (consumer: number) =>
    Array.from({ length: EVENTS }, (_, nr) => latencyMs(nr, consumer));
  const slowest = Array.from({ length: EVENTS }, (_, nr) =>
    Math.max(latencyMs(nr, 1), latencyMs(nr, 2)),
  );
  const told = (service: string) => summary.services.find((one) => one.service === service);
  assertPercentiles(told(groups[0])?.latencyMs, raw(1));
  assertPercentiles(told(groups[1])?.latencyMs, raw(2));
  assertPercentiles(summary.latencyMs, slowest);
  const throughput = seriesAnswer.parse(
    await getJson(`${monitor.url}/api/series?metric=throughput&from=${nowMs - 600_000}&step=1m`),
  );
  const all = throughput.lines.find(({ service }) => service === '');
  const counted = all?.points.reduce((sum, { value }) => sum + (value ?? 0) * 60, 0) ?? 0;
  assert.is(Math.round(counted), EVENTS);
});

/** Within 1 % of the value at the same rank. */
function assertPercentiles(
  told: { p50: number; p95: number; p99: number } | null | undefined,
  values: readonly number[],
): void {
  const sorted = [...values].sort((a, b) => a - b);
  for (const [name, quantile] of [
    ['p50', 0.5],
    ['p95', 0.95],
    ['p99', 0.99],
  ] as const) {
    const truth = sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0;
    const is = told?.[name] ?? 0;
    assert.ok(Math.abs(is - truth) <= truth * 0.0101, `${name}: ${is} for ${truth}`);
  }
}

async function storedIn(monitor: TestMonitor): Promise<number> {
  const client = new pg.Client({ connectionString: monitor.databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(
      'select count(*)::text as count from monitoring.reports',
    );
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

test('pages go through all reports of a filter once, newest first', async ({ monitor, groups }) => {
  const seen: string[] = [];
  let before = Number.POSITIVE_INFINITY;
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = pageAnswer.parse(
      await getJson(
        `${monitor.url}/api/events?key=K-7&stage=processed&limit=17&cursor=${encodeURIComponent(cursor)}`,
      ),
    );
    for (const { id, key, stage, occurredAtUs } of page.items) {
      assert.equal([key, stage], ['K-7', 'processed']);
      assert.ok(occurredAtUs <= before);
      before = occurredAtUs;
      seen.push(id);
    }
    ({ nextCursor: cursor } = page);
  }
  assert.is(seen.length, (EVENTS / 100) * 2);
  assert.is(new Set(seen).size, seen.length);
  const of = async (query: string) => {
    const { items } = pageAnswer.parse(await getJson(`${monitor.url}/api/events?${query}`));
    return items.map(({ id }) => id);
  };
  assert.is((await of(`service=${groups[0]}&limit=3`)).length, 3);
  assert.equal(
    (await of('q=made-1234')).sort(),
    [`capture/captured`, `${groups[0]}/processed`, `${groups[1]}/processed`]
      .map((step) => `made-1234/${step}/1`)
      .sort(),
  );
  assert.equal(await of('key=unknown'), []);
  const refused = await fetch(`${monitor.url}/api/events?limit=0&colour=red`);
  assert.is(refused.status, 400);
});

test('what a consumer has not reported is missing; clocks that disagree are said to, and time never runs backwards', async (context) => {
  const { monitor, publish, events, groups } = context;
  const eventId = `skewed-${randomUUID()}`;
  const about = { eventId, topic: events, occurredAtUs: Date.now() * 1000 };
  await publish([
    madeReport({ ...about, service: 'capture', stage: 'captured', afterMs: -40 }),
    madeReport({ ...about, service: groups[0], stage: 'processed', afterMs: 5 }),
  ]);
  const timeline = await eventually(
    async () => {
      const answer = timelineAnswer.parse(await getJson(`${monitor.url}/api/events/${eventId}`));
      return answer.stages.length === 3 && answer;
    },
    { ...WAIT, what: 'the timeline' },
  );
  assert.equal(timeline.missing, [{ stage: 'processed', service: groups[1] }]);
  assert.not(timeline.complete);
  assert.ok(timeline.clockSkew);
  const captured = timeline.stages.find(({ stage }) => stage === 'captured');
  assert.equal([captured?.gapMs, captured?.clockSkewMs], [0, 40]);
  const unknown = await fetch(`${monitor.url}/api/events/no-such-event`);
  assert.is(unknown.status, 404);
});

test('snapshot reads and redrives are counted apart', async (context) => {
  const { monitor, publish, events, groups } = context;
  const occurredAtUs = Date.now() * 1000;
  const of = (eventId: string) => ({
    eventId,
    topic: events,
    service: groups[0],
    occurredAtUs,
    afterMs: 9_000,
  });
  const before = summaryAnswer.parse(await getJson(`${monitor.url}/api/summary?window=10m`));
  await publish([
    madeReport({
      ...of(randomUUID()),
      stage: 'processed',
      details: { op: 'read', snapshot: true },
    }),
    madeReport({ ...of(randomUUID()), stage: 'processed', round: 1 }),
    madeReport({ ...of(randomUUID()), stage: 'failed' }),
  ]);
  await eventually(
    async () => {
      const { apart, services } = summaryAnswer.parse(
        await getJson(`${monitor.url}/api/summary?window=10m`),
      );
      assert.is(apart.snapshot?.services[0]?.latencyMs?.count, 1);
      assert.is(apart.redriven?.services[0]?.latencyMs?.count, 1);
      const live = services.find(({ service }) => service === groups[0]);
      const was = before.services.find(({ service }) => service === groups[0]);
      assert.is(live?.latencyMs?.count, was?.latencyMs?.count);
      assert.is(live?.stages.failed, 1);
    },
    { ...WAIT, what: 'all three are counted' },
  );
});

test('absurd reports are stored like others, and nothing waits behind them', async (context) => {
  const { monitor, publish, events } = context;
  const eventId = `absurd-${randomUUID()}`;
  const step = { topic: events, service: 'capture', stage: 'captured', afterMs: 0 } as const;
  const sane = madeReport({ ...step, eventId, occurredAtUs: Date.now() * 1000 });
  await publish([
    { ...sane, id: 'x', occurredAt: 2n ** 63n - 1n },
    { ...sane, id: 'y', occurredAt: -(2n ** 63n), at: 2n ** 63n - 1n },
    { ...sane, id: 'z'.repeat(10_000), occurredAt: 0n, key: 'k'.repeat(100_000) },
    {
      ...sane,
      id: 'nul',
      key: 'a\u0000b',
      details: '{"a":"\\u0000"}',
      instance: '<img onerror=…>',
    },
    { ...sane, id: 'no json', details: 'no json' },
    { ...sane, eventId: 'e'.repeat(5_000), id: 'long' },
    sane,
  ]);
  await eventually(
    async () => {
      const { stages } = timelineAnswer.parse(
        await getJson(`${monitor.url}/api/events/${eventId}`),
      );
      // The commit, and six reports.
      assert.is(stages.length, 7);
    },
    { ...WAIT, what: 'all are stored' },
  );
  const long = timelineAnswer.parse(
    await getJson(`${monitor.url}/api/events/${'e'.repeat(5_000)}`),
  );
  assert.is(long.stages.length, 2);
});

test('lag is told in messages and in seconds', async ({ monitor, groups, events }) => {
  await eventually(
    async () => {
      const { partitions } = lagAnswer.parse(await getJson(`${monitor.url}/api/lag`));
      for (const group of groups) {
        const own = partitions.find(({ service, topic }) => service === group && topic === events);
        assert.is(own?.messages, 1);
        assert.ok((own?.seconds ?? 0) > 0);
      }
    },
    { ...WAIT, what: 'the lag of both groups' },
  );
  const metrics = await (await fetch(`${monitor.url}/metrics`)).text();
  assert.match(
    metrics,
    `kafka_consumergroup_lag{consumergroup="${groups[0]}",topic="${events}",partition="0"} 1`,
  );
});

test.run();
