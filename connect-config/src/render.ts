import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { cdcTopic } from '@shelfcast/schemas/topics';
import type { CaptureSettings } from './settings.ts';

/** A connector's configuration as Kafka Connect has it: text by property name. */
export type ConnectorConfig = Readonly<Record<string, string>>;

export interface RenderConnectorOptions {
  /** connectors/products.json, or another connector of that form. */
  readonly template: ConnectorConfig;
  readonly capturedTables: readonly CapturedTable[];
  /** Number of the stream's life: grows only when offsets are reset and a full snapshot follows. */
  readonly epoch: bigint;
  readonly settings: CaptureSettings;
}

/** The property that holds a registered connector's epoch. */
const EPOCH_PROPERTY = 'transforms.epoch.value.literal';

/** The smallest buffer a Kafka producer is comfortable with. */
const DEFAULT_BUFFER_MEMORY_BYTES = 32 * 1024 * 1024;

/**
 * The whole configuration of the connector: the template, completed by what depends on the captured
 * tables (what is read, and which column decides the partition) and on the settings. Pure: the same
 * input gives the same text.
 */
export function renderConnector(options: RenderConnectorOptions): ConnectorConfig {
  const { template, capturedTables, settings } = options;
  if (capturedTables.length === 0) throw new RangeError('a connector needs a table to capture');
  return {
    ...template,
    'topic.prefix': settings.topicPrefix,
    'table.include.list': capturedTables.map(tablePattern).join(','),
    'poll.interval.ms': String(settings.pollIntervalMs),
    'exactly.once.support': settings.exactlyOnceSource ? 'required' : 'requested',
    'producer.override.max.request.size': String(settings.maxRecordBytes),
    'producer.override.buffer.memory': String(
      Math.max(DEFAULT_BUFFER_MEMORY_BYTES, 2 * settings.maxRecordBytes),
    ),
    ...renderTransforms(options),
  };
}

/** The epoch a registered connector was rendered with. */
export function epochOf(config: ConnectorConfig): bigint | undefined {
  const text = config[EPOCH_PROPERTY];
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

/** `schema.table` as Debezium's include lists and signals want it: a regular expression. */
export function tablePattern({ schema, table }: Pick<CapturedTable, 'schema' | 'table'>): string {
  return `${escapePattern(schema)}\\.${escapePattern(table)}`;
}

/**
 * The signal table's own records are dropped, column defaults are kept out of the rows (they would
 * stand in for nulls), every record gets the epoch, and one PartitionRouting per routing column picks the partition from that column's value. Avro keys cannot:
 * their bytes hold a schema id, so a new key schema would move every key.
 */
function renderTransforms({
  template,
  capturedTables,
  epoch,
  settings,
}: RenderConnectorOptions): ConnectorConfig {
  const prefix = settings.topicPrefix;
  const [signalSchema = '', signalTable = ''] = (template['signal.data.collection'] ?? '').split(
    '.',
  );
  const signalTopic = cdcTopic({ prefix, schema: signalSchema, table: signalTable });
  const routes = [...groupByRoutingColumn(capturedTables)].map(([column, tables], index) => ({
    name: `route${index + 1}`,
    column,
    topics: tables.map(({ schema, table }) => cdcTopic({ prefix, schema, table })),
  }));
  return {
    transforms: ['dropSignals', 'rows', 'epoch', ...routes.map(({ name }) => name)].join(','),
    predicates: ['isSignal', ...routes.map(({ name }) => name)].join(','),
    'transforms.dropSignals.type': 'org.apache.kafka.connect.transforms.Filter',
    'transforms.dropSignals.predicate': 'isSignal',
    ...topicPredicate('isSignal', [signalTopic]),
    'transforms.rows.type': 'shelfcast.connect.RowsWithoutDefaults',
    'transforms.epoch.type': 'org.apache.kafka.connect.transforms.InsertHeader',
    'transforms.epoch.header': 'epoch',
    [EPOCH_PROPERTY]: String(epoch),
    ...Object.assign(
      {},
      ...routes.map(({ name, column, topics }) => ({
        [`transforms.${name}.type`]: 'io.debezium.transforms.partitions.PartitionRouting',
        [`transforms.${name}.partition.payload.fields`]: `change.${column}`,
        [`transforms.${name}.partition.topic.num`]: String(settings.topicPartitions),
        [`transforms.${name}.predicate`]: name,
        ...topicPredicate(name, topics),
      })),
    ),
  };
}

function topicPredicate(name: string, topics: readonly string[]): ConnectorConfig {
  return {
    [`predicates.${name}.type`]: 'org.apache.kafka.connect.transforms.predicates.TopicNameMatches',
    [`predicates.${name}.pattern`]: topics.map(escapePattern).join('|'),
  };
}

function groupByRoutingColumn(tables: readonly CapturedTable[]): Map<string, CapturedTable[]> {
  const groups = new Map<string, CapturedTable[]>();
  for (const table of tables) {
    const group = groups.get(table.routingColumn);
    if (group === undefined) groups.set(table.routingColumn, [table]);
    else group.push(table);
  }
  return groups;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
