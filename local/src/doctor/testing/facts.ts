import { renderConnector } from '@shelfcast/connect-config/render';
import { loadTemplate } from '@shelfcast/connect-config/template';
import { declaredTopics } from '@shelfcast/connect-config/topics';
import { readSettings } from '../../settings.ts';
import type { PipelineFacts } from '../examine.ts';
import type { ConnectFacts } from '../facts/connect.ts';
import type { KafkaFacts } from '../facts/kafka.ts';
import type { MachineFacts } from '../facts/machine.ts';
import type { CaptureFacts, PostgresFacts, ServerFacts } from '../facts/postgres.ts';
import type { RegistryFacts } from '../facts/registry.ts';
import type { ChildFacts, PortFacts, StackFacts } from '../facts/stack.ts';
import type { TableFacts } from '../facts/tables.ts';

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

export const server: ServerFacts = {
  walLevel: 'logical',
  maxSlotWalKeepBytes: 4 * 1024 ** 3,
  maxReplicationSlots: 10,
  replicationSlots: 1,
  maxWalSenders: 10,
  walSenders: 1,
  debeziumRole: { login: true, replication: true },
};

export const products: TableFacts = {
  name: 'public.products',
  sqlName: 'public.products',
  sqlSchema: 'public',
  exists: true,
  replicaIdentityFull: true,
  readable: true,
  generatedColumns: [],
  waitsForSnapshot: false,
  largestRowBytes: 1_000,
};

export const slot = {
  active: true,
  walStatus: 'reserved',
  retainedWalBytes: 1_000n,
  safeWalSize: 4_294_966_296n,
  invalidationReason: null,
  confirmedFlushLsn: 1n,
};

export const publication = {
  insert: true,
  update: true,
  delete: true,
  truncate: true,
  tables: ['public.products', 'shelfcast.heartbeat', 'shelfcast.signal'].map((name) => ({
    name,
    sqlName: name,
    columns: ['product_id', 'price'],
    filtered: false,
  })),
};

export const capturedTables = [
  { schema: 'public', table: 'products', routingColumn: 'product_id' },
];

export const capture: CaptureFacts = {
  capturedTables,
  tables: [products],
  publication,
  slot,
  heartbeatAgeMs: 2_000,
};

export const postgres: PostgresFacts = { server, clockOffsetMs: 3, capture };

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

export const connectorConfig = {
  name: 'products',
  ...renderConnector({
    template: loadTemplate(),
    capturedTables,
    epoch: 1_700_000_000n,
    settings: captureSettings,
  }),
};

/** A connector in the given state, with one task unless told otherwise. */
export function connectorIn(
  state: 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED',
  tasks: { state: 'RUNNING' | 'PAUSED' | 'FAILED'; trace?: string }[] = [{ state: 'RUNNING' }],
): ConnectFacts {
  const worker_id = '127.0.0.1:8083';
  return {
    connector: {
      config: connectorConfig,
      status: {
        name: 'products',
        connector: { state, worker_id },
        tasks: tasks.map((task, id) => ({ id, worker_id, ...task })),
      },
    },
  };
}

export const registry: RegistryFacts = {
  url: 'http://127.0.0.1:8081/apis/ccompat/v7',
  contracts: [{ subject: 'monitoring-value', registered: true, compatibility: 'FULL' }],
  cdcSubjects: [{ subject: 'pis.public.products-value', compatibility: 'NONE' }],
};

export const pipeline: PipelineFacts = {
  settings,
  stack,
  postgres: { reached: true, facts: postgres },
  kafka: { reached: true, facts: kafka },
  connect: { reached: true, facts: connectorIn('RUNNING') },
  registry: { reached: true, facts: registry },
  deadLetters: { reached: true, facts: [] },
};
