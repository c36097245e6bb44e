import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import {
  cdcTopic,
  deadLetterTopic,
  MANUAL_TOPICS,
  MONITORING_TOPIC,
  STOCK_ALERTS_TOPIC,
} from '@shelfcast/schemas/topics';
import type { KafkaAdmin, TopicSpec } from '@shelfcast/service-kit/kafka/types';
import { heartbeatTopic, offsetHeartbeatTopic } from './heartbeat.ts';
import { withoutCollidingTopics } from './names.ts';
import type { CaptureSettings } from './settings.ts';
import { notificationTopic } from './snapshot/notifications.ts';
import { formatTableName, type TableName, tableArgument } from './table-name.ts';

export interface DeclaredTopicsOptions {
  readonly settings: CaptureSettings;
  readonly capturedTables: readonly Pick<CapturedTable, 'schema' | 'table'>[];
}

/** Heartbeats only matter while they are fresh. */
const HEARTBEAT_RETENTION_MS = 24 * 60 * 60 * 1000;

/**
 * Every topic of the pipeline, as plain data. Brokers create none by themselves: a topic that is not
 * here does not exist.
 */
export function declaredTopics({ settings, capturedTables }: DeclaredTopicsOptions): TopicSpec[] {
  const cdc = capturedTables.map((table) => cdcTopic({ prefix: settings.topicPrefix, ...table }));
  return [
    ...[...cdc, ...serviceTopics(settings)].map((topic) => spec(settings, { topic })),
    ...[heartbeatTopic, offsetHeartbeatTopic, notificationTopic]
      .map((name) => name(settings.topicPrefix))
      .map((topic) =>
        spec(settings, {
          topic,
          partitions: 1,
          retentionMs: Math.min(HEARTBEAT_RETENTION_MS, settings.retentionMs),
        }),
      ),
  ];
}

/** The topics that services write to, and not the connector. */
export function serviceTopics({
  consumerGroups,
}: Pick<CaptureSettings, 'consumerGroups'>): string[] {
  return [
    ...MANUAL_TOPICS,
    STOCK_ALERTS_TOPIC,
    MONITORING_TOPIC,
    ...consumerGroups.map(deadLetterTopic),
  ];
}

/**
 * Creates the declared topics that are missing and mends the settings of those that differ. A captured table whose topic
 * Kafka does not take beside another's is left out, so that it keeps nothing else from going on.
 *
 * @returns the captured tables that have their topic
 */
export async function ensureDeclaredTopics<T extends Pick<CapturedTable, 'schema' | 'table'>>(
  admin: Pick<KafkaAdmin, 'ensureTopics' | 'listTopics'>,
  {
    log,
    settings,
    capturedTables,
  }: Pick<DeclaredTopicsOptions, 'settings'> & {
    readonly capturedTables: readonly T[];
    readonly log: (message: string) => void;
  },
): Promise<readonly T[]> {
  const { kept, left } = withoutCollidingTopics(capturedTables, {
    prefix: settings.topicPrefix,
    topics: await admin.listTopics(),
  });
  for (const { table, topic } of left) log(`Warning: ${formatLeftOut(table, topic)}`);
  const declared = declaredTopics({ settings, capturedTables: kept });
  for (const { topic, action, changed } of await admin.ensureTopics(declared)) {
    if (action === 'created') log(`Created topic ${topic}`);
    for (const [name, { from, to }] of Object.entries(changed)) {
      if (action === 'altered') log(`Topic ${topic}: ${name} ${from ?? 'unset'} → ${to}`);
    }
  }
  return kept;
}

function formatLeftOut(table: TableName, topic: string): string {
  const name = formatTableName(table);
  return `${name} is not captured: its topic and ${topic} are one for Kafka. make connector-remove-table ${tableArgument(name)}, then rename it or its schema and add it again.`;
}

function spec(
  settings: CaptureSettings,
  {
    topic,
    partitions = settings.topicPartitions,
    retentionMs = settings.retentionMs,
  }: { readonly topic: string; readonly partitions?: number; readonly retentionMs?: number },
): TopicSpec {
  return {
    topic,
    partitions,
    replicationFactor: settings.replicationFactor,
    configs: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      'max.message.bytes': String(settings.maxRecordBytes),
      'message.timestamp.type': 'LogAppendTime',
      // With three replicas, one broker may be down and writes go on with two copies.
      'min.insync.replicas': settings.replicationFactor >= 3 ? '2' : '1',
    },
  };
}
