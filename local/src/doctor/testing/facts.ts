import { capturedTables, source } from '@shelfcast/connect-config/testing/facts';
import { declaredTopics } from '@shelfcast/connect-config/topics';
import { readSettings } from '../../settings.ts';
import type { PipelineFacts } from '../examine.ts';
import type { KafkaFacts } from '../facts/kafka.ts';
import type { MachineFacts } from '../facts/machine.ts';
import type { RegistryFacts } from '../facts/registry.ts';
import type { ChildFacts, PortFacts, StackFacts } from '../facts/stack.ts';

/** A machine and a pipeline without any problem; tests break one fact at a time. */

export const settings = readSettings({});
const { capture: captureSettings } = settings;

export const machine: MachineFacts = {
  nodeVersion: '24.0.0',
  javaHome: undefined,
  java: { output: 'openjdk version "17.0.15" 2025-04-15' },
  javac: { output: 'javac 17.0.15' },
  maven: { output: 'Apache Maven 3.8.7\nJava version: 17.0.15, vendor: Debian' },
  make: { output: 'GNU Make 4.3' },
  psql: { output: 'psql (PostgreSQL) 18.4' },
  stateDir: '/state',
  disk: { freeBytes: 50 * 1024 ** 3, totalBytes: 100 * 1024 ** 3 },
};

const NOW_MS = Date.parse('2026-01-01T12:00:00Z');

export const postgresChild: ChildFacts = {
  name: 'postgres',
  status: 'running',
  process: { pid: 100, startedAt: 'boot/1' },
  alive: true,
  since: '2026-01-01T11:00:00Z',
  restarts: 0,
  logFile: '/state/logs/postgres.log',
};

export const postgresPort: PortFacts = {
  port: 5432,
  component: 'postgres',
  use: 'Postgres',
  setting: 'POSTGRES_PORT',
  taken: true,
  owner: { pid: 100, command: 'postgres -D /state' },
};

export const stack: StackFacts = {
  supervisor: { pid: 99, startedAt: 'boot/0', alive: true },
  children: [postgresChild],
  ports: [postgresPort],
  recordBytes: {
    worker: captureSettings.maxRecordBytes,
    services: [{ name: 'consumers', bytes: captureSettings.maxRecordBytes }],
  },
  nowMs: NOW_MS,
};

/** Those of the settings, whose defaults are the source's own. */
export const declared = declaredTopics({ settings: captureSettings, capturedTables });

const limit = `${captureSettings.maxRecordBytes}`;

export const kafka: KafkaFacts = {
  brokers: new Map([
    [
      1,
      new Map([
        ['auto.create.topics.enable', 'false'],
        ['message.max.bytes', limit],
        ['replica.fetch.max.bytes', limit],
      ]),
    ],
  ]),
  topics: declared.map(({ topic, partitions, configs }) => ({
    topic,
    partitions,
    leaderless: 0,
    underReplicated: 0,
    configs: new Map(Object.entries(configs)),
  })),
  groups: [{ group: 'catalogue', members: 1, lag: 0n, moved: undefined }],
};

export const registry: RegistryFacts = {
  url: 'http://127.0.0.1:8081/apis/ccompat/v7',
  contracts: [{ subject: 'monitoring-value', registered: true, compatibility: 'FULL' }],
  cdcSubjects: [{ subject: 'pis.public.products-value', compatibility: 'NONE' }],
};

export const pipeline: PipelineFacts = {
  settings,
  stack,
  source,
  kafka: { reached: true, facts: kafka },
  largestRows: { reached: true, facts: [{ name: 'public.products', largestRowBytes: 1_000 }] },
  registry: { reached: true, facts: registry },
  deadLetters: { reached: true, facts: [] },
};
