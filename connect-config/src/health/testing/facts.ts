import type { TableIdentity } from '@shelfcast/product-database/table-identity';
import { type ConnectorConfig, renderConnector } from '../../render.ts';
import type { CaptureSettings } from '../../settings.ts';
import { loadTemplate } from '../../template.ts';
import { declaredTopics } from '../../topics.ts';
import type { ConnectorFacts } from '../check-connector.ts';
import type { SourceFacts } from '../check-source.ts';
import type { BrokerFacts } from '../read-broker.ts';
import type { ServerFacts } from '../read-server.ts';
import type { CaptureFacts } from '../read-source.ts';
import type { TableFacts } from '../read-tables.ts';
import { writtenTopics } from '../written-topics.ts';

/** A source without any problem; tests break one fact at a time. */

export const captureSettings: CaptureSettings = {
  topicPrefix: 'pis',
  topicPartitions: 6,
  replicationFactor: 1,
  retentionMs: 604_800_000,
  maxRecordBytes: 16_777_216,
  pollIntervalMs: 2,
  exactlyOnceSource: false,
  consumerGroups: ['catalogue'],
};

export const server: ServerFacts = {
  walLevel: 'logical',
  maxSlotWalKeepBytes: 4 * 1024 ** 3,
  maxReplicationSlots: 10,
  replicationSlots: 1,
  maxWalSenders: 10,
  walSenders: 1,
  debeziumRole: {
    login: true,
    replication: true,
    connectionLimit: -1,
    expired: false,
    connects: true,
  },
  databaseName: 'products',
  clockOffsetMs: 3,
};

export const identity: TableIdentity = {
  oid: 16_400,
  key: {
    constraint: 16_402,
    columns: ['product_id'],
    name: 'products_pkey',
    deferrable: false,
  },
  columns: [
    { number: 1, name: 'product_id', type: 'text', generated: '' },
    { number: 2, name: 'price', type: 'numeric(12,2)', generated: '' },
  ],
  partitioned: null,
  publication: { oid: 16_500, version: '700', member: 16_501 },
};

export const products: TableFacts = {
  name: 'public.products',
  sqlName: 'public.products',
  sqlSchema: 'public',
  routingColumn: 'product_id',
  exists: true,
  kind: 'r',
  logged: true,
  replicaIdentityFull: true,
  readable: true,
  rowSecurity: false,
  children: [],
  generatedColumns: [],
  waitsForSnapshot: false,
  remembered: identity,
  current: identity,
  movedTo: undefined,
};

export const slot = {
  active: true,
  walStatus: 'reserved',
  retainedWalBytes: 1_000n,
  safeWalSize: 4_294_966_296n,
  oldestTransaction: null,
  waitsFor: [],
  invalidationReason: null,
  confirmedFlushLsn: 1n,
};

export const publication = {
  insert: true,
  update: true,
  delete: true,
  truncate: true,
  tables: [
    { schema: 'public', table: 'products' },
    { schema: 'shelfcast', table: 'heartbeat' },
    { schema: 'shelfcast', table: 'signal' },
  ].map(({ schema, table }) => ({
    schema,
    table,
    name: `${schema}.${table}`,
    sqlName: `${schema}.${table}`,
    columns: ['product_id', 'price'],
    filtered: false,
  })),
};

export const capturedTables = [
  { schema: 'public', table: 'products', routingColumn: 'product_id' },
];

export const capture: CaptureFacts = {
  capturedTables,
  removedTables: [],
  tables: [products],
  publication,
  slot,
  brokenOwnTables: [],
  missingGrants: [],
  currentLsn: 2n,
  heartbeatWrittenAgeMs: 2_000,
  registering: false,
};

export const connectorConfig: ConnectorConfig = {
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
): ConnectorFacts {
  const worker_id = '127.0.0.1:8083';
  return {
    connector: {
      config: connectorConfig,
      template: loadTemplate(),
      status: {
        name: 'products',
        connector: { state, worker_id },
        tasks: tasks.map((task, id) => ({ id, worker_id, ...task })),
      },
      storedLsn: 1n,
    },
  };
}

export const declared = declaredTopics({ settings: captureSettings, capturedTables });

export const broker: BrokerFacts = {
  written: writtenTopics(connectorConfig, publication.tables),
  others: ['monitoring', 'catalogue.dlq'],
  existing: new Set(declared.map(({ topic }) => topic)),
  arrivals: { heartbeatAtMs: 1, heartbeatAgeMs: 2_100, changeAgeMs: undefined },
};

export const source: SourceFacts = {
  database: { reached: true, facts: { server, capture } },
  broker: { reached: true, facts: broker },
  connect: { reached: true, facts: connectorIn('RUNNING') },
  topicPrefix: 'pis',
};
