import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import type { CommandKind, CommandResult } from '@shelfcast/consumers/operations/command-arguments';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { cdcTopic, deadLetterTopic, MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import * as assert from 'uvu/assert';
import { createTestDatabase } from '../database.ts';
import { fromEnvironment } from '../environment.ts';
import { codecAt, kafkaAt, makeTopics } from '../pipeline-kafka.ts';
import { readReports, readTopics } from '../topic-reader.ts';
import { envelopeContract, keyContract, type ProbeEnvelope } from './envelope.ts';
import { probe } from './probe.ts';
import { type ProbeProcess, spawnProbe } from './process.ts';

/** An edit of a probe's row: the version it then has. */
export interface Edit {
  readonly key: string;
  readonly version: number;
  /** The row's name. */
  readonly note?: string | null;
  /** Default: the key decides. */
  readonly partition?: number;
}

export interface Effect extends Edit {
  readonly note: string | null;
  /** When it was committed, Unix milliseconds. */
  readonly atMs: number;
}

/** A probe in processes of its own, on a database and topics of its own. */
export interface ProbeHarness {
  readonly name: string;
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly topic: string;
  /** Starts a process that hosts the probe. */
  spawn(): ChildProcess;
  /** The same; resolves when it has joined its group. */
  start(): Promise<ChildProcess>;
  stop(process: ChildProcess): Promise<void>;
  stopAll(): Promise<void>;
  /** Writes changes as Debezium would, in order. */
  write(edits: readonly Edit[]): Promise<void>;
  /** Writes bytes that are no change, under a key. */
  writeRaw(key: string, value: Buffer): Promise<void>;
  effects(key?: string): Promise<Effect[]>;
  /** Waits until each key has its version, or a later one. */
  reached(edits: readonly Edit[], timeoutMs?: number): Promise<void>;
  fault(key: string, kind: 'fails' | 'hangs' | 'blocks'): Promise<void>;
  remedy(key: string): Promise<void>;
  parkedKeys(): Promise<{ key: string; state: string; attempts: number; waiting: number }[]>;
  /** What its processes have logged. */
  logs(): string;
  /** What /readyz of a process says is wrong. */
  unreadyReason(): Promise<string>;
  /** Waits until every process has heard of a pause. */
  untilPaused(): Promise<void>;
  command(kind: CommandKind, args: object): Promise<CommandResult & { error?: string }>;
  reports(): Promise<MonitoringEvent[]>;
  deadLetters(): Promise<KafkaRecord[]>;
  close(): Promise<void>;
}

export async function openProbeHarness(
  settings: Readonly<Record<string, string>> = {},
): Promise<ProbeHarness> {
  const name = `probe_${randomBytes(4).toString('hex')}`;
  const servers = fromEnvironment('KAFKA_BOOTSTRAP_SERVERS');
  const kafka = kafkaAt(servers);
  const admin = kafka.createAdmin();
  const codec = codecAt(fromEnvironment('SCHEMA_REGISTRY_URL'));
  const database = await createTestDatabase();
  await migrateConsumers(database.url, [probe(name)]);
  const pool = createPool({
    url: database.url,
    max: 4,
    applicationName: name,
    log: silentLogger(),
  });
  const topic = cdcTopic({ prefix: name, schema: 'public', table: 'products' });
  const topics = [topic, deadLetterTopic(name)];
  await makeTopics(admin, topics);
  const producer = await kafka.createProducer();
  const encodeKey = await codec.encoder(keyContract(topic));
  const encodeValue = await codec.encoder(envelopeContract(topic));
  const processes: ProbeProcess[] = [];
  let lsn = 0n;

  async function stop(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }

  async function stopAll(): Promise<void> {
    await Promise.all(processes.map(({ child }) => stop(child)));
  }

  function spawnNext(): ProbeProcess {
    const next = spawnProbe({ name, databaseUrl: database.url, topicPrefix: name, settings });
    processes.push(next);
    return next;
  }

  async function ofLast(path: string): Promise<string> {
    const url = processes.at(-1)?.url() ?? '';
    return await (await fetch(`${url}${path}`)).text();
  }

  async function effects(key?: string): Promise<Effect[]> {
    const { rows } = await pool.query(
      `select key, version, note, extract(epoch from at)::float8 * 1000 as "atMs" from effects
       where $1::text is null or key = $1 order by id`,
      [key ?? null],
    );
    return rows;
  }

  return {
    name,
    pool,
    databaseUrl: database.url,
    topic,
    stop,
    stopAll,
    spawn: () => spawnNext().child,
    async start() {
      const next = spawnNext();
      await next.ready();
      return next.child;
    },
    async write(edits) {
      const records = edits.map(({ key, version, note = null, partition }) => {
        lsn += 1n;
        return {
          topic,
          ...(partition === undefined ? {} : { partition }),
          key: encodeKey({ product_id: key }),
          value: encodeValue(envelope({ key, version, note, lsn })),
        };
      });
      await producer.send(records);
    },
    async writeRaw(key, value) {
      await producer.send([{ topic, key: encodeKey({ product_id: key }), value }]);
    },
    effects,
    async reached(edits, timeoutMs = 30_000) {
      await eventually(
        async () => {
          const { rows } = await pool.query<{ key: string; version: number }>(
            'select key, max(version) as version from effects group by key',
          );
          const versions = new Map(rows.map(({ key, version }) => [key, version]));
          const missing = edits.filter(({ key, version }) => (versions.get(key) ?? -1) < version);
          assert.equal(missing.slice(0, 5), [], `${missing.length} are missing`);
        },
        { timeoutMs, intervalMs: 100, what: 'the effects' },
      ).catch((error: Error) => {
        const told = processes.map((one) => one.describe()).join('\n');
        throw new Error(`${error.message}\n${told}`, { cause: error });
      });
    },
    async fault(key, kind) {
      await pool.query(
        'insert into faults (key, kind) values ($1, $2) on conflict (key) do update set kind = excluded.kind',
        [key, kind],
      );
    },
    async remedy(key) {
      await pool.query('delete from faults where key = $1', [key]);
    },
    async parkedKeys() {
      const { rows } = await pool.query(
        `select key, state, attempts, (select count(*)::int from runtime.parked_changes c where c.key = k.key) as waiting
         from runtime.parked_keys k order by key`,
      );
      return rows;
    },
    logs: () => processes.map((one) => one.log()).join(''),
    unreadyReason: () => ofLast('/readyz'),
    async untilPaused() {
      await eventually(
        async () => {
          assert.match(
            await ofLast('/metrics'),
            new RegExp(`shelfcast_consumer_paused{[^}]*consumer="${name}"[^}]*} 1`),
          );
        },
        { timeoutMs: 10_000, intervalMs: 100, what: 'the pause is known' },
      );
    },
    async command(kind, args) {
      const { rows } = await pool.query<{ id: bigint }>(
        `insert into runtime.commands (consumer, kind, arguments, requested_by) values ($1, $2, $3, 'test') returning id`,
        [name, kind, JSON.stringify(args)],
      );
      const id = String(rows[0]?.id);
      let result = '';
      await eventually(
        async () => {
          const answer = await pool.query(
            `select result from runtime.commands where id = $1 and state <> 'pending'`,
            [id],
          );
          assert.is(answer.rowCount, 1);
          result = answer.rows[0].result;
        },
        { timeoutMs: 15_000, intervalMs: 50, what: `an answer to ${kind}` },
      );
      return JSON.parse(result);
    },
    async reports() {
      const all = await readReports(kafka, codec, MONITORING_TOPIC);
      return all.filter(({ service }) => service === name);
    },
    deadLetters: () => readTopics(kafka, [deadLetterTopic(name)]),
    async close() {
      await stopAll();
      await producer.close();
      await admin.deleteTopics(topics);
      await admin.close();
      codec.close();
      await pool.end();
      await database.drop();
    },
  };
}

function envelope({
  key,
  version,
  note,
  lsn,
}: {
  readonly key: string;
  readonly version: number;
  readonly note: string | null;
  readonly lsn: bigint;
}): ProbeEnvelope {
  const nowUs = BigInt(Date.now()) * 1000n;
  return {
    before: null,
    after: { product_id: key, name: note, stock_quantity: version },
    source: {
      schema: 'public',
      table: 'products',
      lsn,
      sequence: `["${lsn}","${lsn}"]`,
      ts_us: nowUs,
    },
    op: 'u',
    ts_us: nowUs,
  };
}
