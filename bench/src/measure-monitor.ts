import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { nodeCommand } from '@shelfcast/local/checkout';
import { createCodec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import pg from 'pg';
import type { BenchContext } from './context.ts';
import { reportsOfChange } from './monitor-reports.ts';

export interface MonitorResult {
  readonly reports: number;
  /** From the first stored to the last. */
  readonly reportsPerSecond: number;
  /** Reports with their indexes and what was counted. */
  readonly bytesPerReport: number;
  /** Of the monitor's process, over the whole ingest. */
  readonly cpuMs: number;
  /** Answers of the monitor with all reports stored, milliseconds. */
  readonly answers: readonly {
    readonly what: string;
    readonly p50Ms: number;
    readonly p99Ms: number;
  }[];
}

const DATABASE = 'bench_monitor';
const TOPIC = 'bench_monitoring';
const EVENTS_TOPIC = 'bench_events';
const PARTITIONS = 6;
const CHUNK = 2_000;
const ASKED = 200;
const TIMEOUT_MS = 600_000;
/** Over how long the changes are spread, which is what a summary and a page look at. */
const SPREAD_S = 900;

/** A monitor of its own stores a backlog of reports in a database of its own, and is then asked about them. */
export async function measureMonitor(
  context: BenchContext,
  changes: number,
): Promise<MonitorResult> {
  const { stack, admin, groups, log } = context;
  const reports = changes * (1 + groups.length);
  await admin.deleteTopics([TOPIC, EVENTS_TOPIC]);
  await admin.deleteGroup(TOPIC);
  await admin.ensureTopics(
    [TOPIC, EVENTS_TOPIC].map((topic) => ({
      topic,
      partitions: PARTITIONS,
      replicationFactor: 1,
      configs: {},
    })),
  );
  const url = new URL(stack.urls.postgres('monitoring'));
  await runSql(url.toString(), `drop database if exists ${DATABASE} with (force)`);
  await runSql(url.toString(), `create database ${DATABASE}`);
  url.pathname = `/${DATABASE}`;
  for (const group of groups) {
    await admin.setGroupOffsets(`bench-${group}`, [
      { topic: EVENTS_TOPIC, partition: 0, offset: 0n },
    ]);
  }
  log(`monitor: writing ${reports} reports`);
  await writeReports(context, changes);

  const port = stack.ports.monitor + 5;
  const { command, args } = nodeCommand('monitor', 'main');
  const database = new pg.Client({ connectionString: url.toString() });
  log('monitor: storing them');
  const child = spawn(command, args, {
    env: {
      ...process.env,
      ...stack.env,
      PORT: `${port}`,
      MONITORING_DATABASE_URL: url.toString(),
      MONITORING_TOPIC: TOPIC,
      MONITORING_GROUP: TOPIC,
      CONSUMER_GROUPS: groups.map((group) => `bench-${group}`).join(','),
      LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const base = `http://127.0.0.1:${port}`;
    await eventually(() => fetch(`${base}/livez`), {
      what: 'the monitor answers',
      timeoutMs: 60_000,
    });
    await database.connect();
    const seconds = await timeToStore(base, reports);
    const cpuMs = await metricOf(base, 'process_cpu_seconds_total').then((cpu) => cpu * 1000);
    await database.query('analyze monitoring.reports');
    const { rows } = await database.query<{ bytes: string }>(
      `select sum(pg_total_relation_size(relid))::text as bytes from pg_stat_user_tables where schemaname = 'monitoring'`,
    );
    log('monitor: asking it');
    return {
      reports,
      reportsPerSecond: reports / seconds,
      bytesPerReport: Number(rows[0]?.bytes) / reports,
      cpuMs,
      answers: await askAll(base, groups, changes),
    };
  } finally {
    await end(child);
    await database.end().catch(() => {});
    await runSql(stack.urls.postgres('monitoring'), `drop database ${DATABASE} with (force)`);
    await admin.deleteTopics([TOPIC, EVENTS_TOPIC]);
    for (const group of [TOPIC, ...groups.map((name) => `bench-${name}`)]) {
      await admin.deleteGroup(group);
    }
  }
}

async function writeReports(
  { stack, groups, settings }: BenchContext,
  changes: number,
): Promise<void> {
  const codec = createCodec({ registryUrl: stack.urls.registry });
  const kafka = createKafka({
    connection: {
      bootstrapServers: stack.urls.kafka.split(','),
      maxRecordBytes: settings.capture.maxRecordBytes,
    },
    clientId: 'bench-monitor',
    log: silentLogger(),
  });
  const producer = await kafka.createProducer();
  try {
    const encode = await codec.encoder(MONITORING_EVENT);
    const nowUs = Date.now() * 1000;
    const services = groups.map((group) => `bench-${group}`);
    for (let start = 0; start < changes; start += CHUNK) {
      const numbers = Array.from(
        { length: Math.min(CHUNK, changes - start) },
        (_, nr) => start + nr,
      );
      await producer.send(
        numbers.flatMap((nr) => {
          const occurredAtUs = nowUs - Math.round(SPREAD_S * 1e6 * (1 - nr / changes));
          return reportsOfChange(nr, { topic: EVENTS_TOPIC, groups: services, occurredAtUs }).map(
            (report) => ({
              topic: TOPIC,
              key: report.eventId,
              value: encode(report),
            }),
          );
        }),
      );
    }
  } finally {
    await producer.close();
    codec.close();
  }
}

/** Seconds from the first stored report to the last, as the monitor counts them. */
async function timeToStore(base: string, reports: number): Promise<number> {
  let first: { readonly atMs: number; readonly stored: number } | undefined;
  return await eventually(
    async () => {
      const stored = await metricOf(base, 'shelfcast_monitor_reports_total');
      const atMs = performance.now();
      if (stored > 0) first ??= { atMs, stored };
      if (first === undefined || stored < reports) return false;
      // What was stored before the first look took no time that was measured.
      return ((atMs - first.atMs) / 1000) * (reports / (reports - first.stored));
    },
    { what: 'all reports are stored', timeoutMs: TIMEOUT_MS, intervalMs: 100 },
  );
}

async function metricOf(base: string, name: string): Promise<number> {
  const text = await (await fetch(`${base}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function askAll(
  base: string,
  groups: readonly string[],
  changes: number,
): Promise<MonitorResult['answers']> {
  const eventId = (nr: number) =>
    `0199c000-0000-8000-8000-${((nr * 7_919) % changes).toString(16).padStart(12, '0')}`;
  const questions: [string, (nr: number) => string][] = [
    ['summary, 5 minutes', () => '/api/summary?window=5m'],
    ['summary, 1 hour', () => '/api/summary?window=1h'],
    ['series, 15 minutes', () => `/api/series?metric=latency&from=${Date.now() - 900_000}`],
    ['timeline', (nr) => `/api/events/${eventId(nr)}`],
    ['newest page', () => '/api/events'],
    ['page of a service and stage', () => `/api/events?service=bench-${groups[0]}&stage=failed`],
    ['page of a key', (nr) => `/api/events?key=P-${nr}`],
    ['page of what begins with', (nr) => `/api/events?q=P-${nr}`],
    ['page of what begins with P', () => '/api/events?q=P'],
  ];
  const answers = [];
  for (const [what, path] of questions) {
    const times: number[] = [];
    for (let nr = 0; nr < ASKED; nr += 1) {
      const startMs = performance.now();
      const response = await fetch(`${base}${path(nr)}`);
      const text = await response.text();
      if (!response.ok) throw new Error(`${what}: ${text.slice(0, 300)}`);
      times.push(performance.now() - startMs);
    }
    times.sort((a, b) => a - b);
    answers.push({
      what,
      p50Ms: times[Math.floor(ASKED * 0.5)] ?? 0,
      p99Ms: times[Math.floor(ASKED * 0.99)] ?? 0,
    });
  }
  return answers;
}

async function runSql(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}
