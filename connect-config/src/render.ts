import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { HEARTBEAT_TABLE } from './heartbeat.ts';
import {
  escapePattern,
  INCLUDE_LIST,
  includeEntries,
  includePattern,
  includes,
} from './include-list.ts';
import { fieldName } from './names.ts';
import type { CaptureSettings } from './settings.ts';
import { notificationTopic } from './snapshot/notifications.ts';

/** A connector's configuration as Kafka Connect has it: text by property name. */
export type ConnectorConfig = Readonly<Record<string, string>>;

export interface RenderConnectorOptions {
  /** connectors/products.json, or another connector of that form. */
  readonly template: ConnectorConfig;
  readonly capturedTables: readonly CapturedTable[];
  /** Number of the stream's life: grows only when offsets are reset and a full snapshot follows. */
  readonly epoch: bigint;
  readonly settings: RenderSettings;
}

/** The settings that a configuration depends on. */
export type RenderSettings = Pick<
  CaptureSettings,
  'topicPrefix' | 'topicPartitions' | 'maxRecordBytes' | 'pollIntervalMs' | 'exactlyOnceSource'
>;

/** The property that holds a registered connector's epoch. */
const EPOCH_PROPERTY = 'transforms.epoch.value.literal';
const SIGNAL_TABLE_PROPERTY = 'signal.data.collection';

/** What `renderTables` writes. */
const TABLES_PROPERTY = /^(table\.include\.list|transforms|predicates)(\.|$)/;

/** The smallest buffer a Kafka producer is comfortable with. */
const DEFAULT_BUFFER_MEMORY_BYTES = 32 * 1024 * 1024;

/**
 * The whole configuration of the connector: the template, completed by what depends on the captured
 * tables (what is read, and which column decides the partition) and on the settings. Pure: the same
 * input gives the same text.
 */
export function renderConnector({
  template,
  capturedTables,
  epoch,
  settings,
}: RenderConnectorOptions): ConnectorConfig {
  if (capturedTables.length === 0) throw new RangeError('a connector needs a table to capture');
  return {
    ...template,
    'topic.prefix': settings.topicPrefix,
    'notification.sink.topic.name': notificationTopic(settings.topicPrefix),
    'poll.interval.ms': String(settings.pollIntervalMs),
    'exactly.once.support': settings.exactlyOnceSource ? 'required' : 'requested',
    'producer.override.max.request.size': String(settings.maxRecordBytes),
    'producer.override.buffer.memory': String(
      Math.max(DEFAULT_BUFFER_MEMORY_BYTES, 2 * settings.maxRecordBytes),
    ),
    'value.converter.shelfcast.max.record.bytes': String(settings.maxRecordBytes),
    ...renderTables({
      capturedTables,
      epoch,
      prefix: settings.topicPrefix,
      partitions: String(settings.topicPartitions),
      signalTable: template[SIGNAL_TABLE_PROPERTY] ?? '',
    }),
  };
}

/**
 * A registered connector's configuration with fewer tables and all else as it is, independent of present settings.
 * Tables that it does not capture are not added.
 */
export function withTables(
  config: ConnectorConfig,
  capturedTables: readonly CapturedTable[],
): ConnectorConfig {
  const kept = capturedTables.filter((table) => includesTable(config, table));
  if (kept.length === 0) throw new RangeError('a connector needs a table to capture');
  const rest = Object.entries(config).filter(([name]) => !TABLES_PROPERTY.test(name));
  return {
    ...Object.fromEntries(rest),
    ...renderTables({
      capturedTables: kept,
      epoch: epochOf(config) ?? 0n,
      prefix: config['topic.prefix'] ?? '',
      partitions: config[partitionsProperty('route1')] ?? '1',
      signalTable: config[SIGNAL_TABLE_PROPERTY] ?? '',
    }),
  };
}

/** Whether a configuration names the table among those to be captured. */
export function includesTable(
  config: ConnectorConfig,
  table: Pick<CapturedTable, 'schema' | 'table'>,
): boolean {
  return includeEntries(config).some((entry) => includes(entry, table));
}

/** The settings that a registered connector was rendered with. */
export function renderSettingsOf(config: ConnectorConfig): RenderSettings {
  return {
    topicPrefix: config['topic.prefix'] ?? '',
    topicPartitions: Number(config[partitionsProperty('route1')]),
    maxRecordBytes: Number(config['producer.override.max.request.size']),
    pollIntervalMs: Number(config['poll.interval.ms']),
    exactlyOnceSource: config['exactly.once.support'] === 'required',
  };
}

/** The epoch a registered connector was rendered with. */
export function epochOf(config: ConnectorConfig): bigint | undefined {
  const text = config[EPOCH_PROPERTY];
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

interface TablesOptions {
  readonly capturedTables: readonly CapturedTable[];
  readonly epoch: bigint;
  readonly prefix: string;
  /** Partitions of the tables' topics. */
  readonly partitions: string;
  /** `schema.table` */
  readonly signalTable: string;
}

/**
 * What is read, and where it goes. The signal table's own records are dropped, column defaults are kept out of the rows
 * (they would stand in for nulls), every record gets the epoch, and one ValueRouting per routing column picks the
 * partition from that column's value. Avro keys cannot: their bytes hold a schema id, so a new key schema would move
 * every key.
 */
function renderTables({
  capturedTables,
  epoch,
  prefix,
  partitions,
  signalTable: signal,
}: TablesOptions): ConnectorConfig {
  const [signalSchema = '', signalTable = ''] = signal.split('.');
  const signalTopic = cdcTopic({ prefix, schema: signalSchema, table: signalTable });
  const routes = [...groupByRoutingField(capturedTables)].map(([field, tables], index) => ({
    name: `route${index + 1}`,
    field,
    topics: tables.map(({ schema, table }) => cdcTopic({ prefix, schema, table })),
  }));
  return {
    [INCLUDE_LIST]: [...capturedTables, HEARTBEAT_TABLE].map(includePattern).join(','),
    transforms: ['dropSignals', 'rows', 'epoch', ...routes.map(({ name }) => name)].join(','),
    predicates: ['isSignal', ...routes.map(({ name }) => name)].join(','),
    'transforms.dropSignals.type': 'org.apache.kafka.connect.transforms.Filter',
    'transforms.dropSignals.predicate': 'isSignal',
    ...topicPredicate('isSignal', [signalTopic]),
    'transforms.rows.type': 'shelfcast.connect.Rows',
    'transforms.epoch.type': 'org.apache.kafka.connect.transforms.InsertHeader',
    'transforms.epoch.header': 'epoch',
    [EPOCH_PROPERTY]: String(epoch),
    ...Object.assign(
      {},
      ...routes.map(({ name, field, topics }) => ({
        [`transforms.${name}.type`]: 'shelfcast.connect.ValueRouting',
        [`transforms.${name}.partition.payload.fields`]: `change.${field}`,
        [partitionsProperty(name)]: partitions,
        [`transforms.${name}.predicate`]: name,
        ...topicPredicate(name, topics),
      })),
    ),
  };
}

function partitionsProperty(route: string): string {
  return `transforms.${route}.partition.topic.num`;
}

function topicPredicate(name: string, topics: readonly string[]): ConnectorConfig {
  return {
    [`predicates.${name}.type`]: 'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
    [`predicates.${name}.pattern`]: topics.map(escapePattern).join('|'),
  };
}

/** By the field that a routing column is in a record. */
function groupByRoutingField(tables: readonly CapturedTable[]): Map<string, CapturedTable[]> {
  const groups = new Map<string, CapturedTable[]>();
  for (const table of tables) {
    const field = fieldName(table.routingColumn);
    const group = groups.get(field);
    if (group === undefined) groups.set(field, [table]);
    else group.push(table);
  }
  return groups;
}
