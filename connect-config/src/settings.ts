import { CONSUMER_GROUPS } from '@shelfcast/schemas/consumer-groups';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { integer, kafkaSettings, list, onOff } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';

/** What decides how changes are captured; shared by the connector, the worker and the topics. */
export const captureSettingsShape = {
  /** First part of every CDC topic's name. */
  TOPIC_PREFIX: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be lower-case letters, digits and underscores')
    .default(DEFAULT_TOPIC_PREFIX),
  /** Partitions of every keyed topic. Keys move when it changes, so it is fixed at the first start. */
  TOPIC_PARTITIONS: integer({ min: 1, max: 10_000 }).prefault('6'),
  /** Replicas of every topic, Connect's own included. */
  REPLICATION_FACTOR: integer({ min: 1, max: 32 }).prefault('1'),
  /** How long topics keep records, in milliseconds. */
  RETENTION_MS: integer({ min: 60_000 }).prefault(String(7 * 24 * 60 * 60 * 1000)),
  MAX_RECORD_BYTES: kafkaSettings.MAX_RECORD_BYTES,
  /** Half a millisecond less until Debezium has a change, for 3 % of a core; on two cores no gain was seen. */
  LOW_LATENCY: onOff().prefault('off'),
  /** How often Debezium looks for changes, in milliseconds; by default decided by LOW_LATENCY. */
  POLL_INTERVAL_MS: integer({ min: 1, max: 5_000 }).optional(),
  /** Kafka transactions in Connect, for readers that do not de-duplicate. */
  EXACTLY_ONCE_SOURCE: onOff().prefault('off'),
  /** Groups that get a dead-letter topic. */
  CONSUMER_GROUPS: list('consumer groups').prefault(CONSUMER_GROUPS.join(',')),
};

const captureSettingsSchema = z.object(captureSettingsShape);

export interface CaptureSettings {
  readonly topicPrefix: string;
  readonly topicPartitions: number;
  readonly replicationFactor: number;
  readonly retentionMs: number;
  readonly maxRecordBytes: number;
  readonly pollIntervalMs: number;
  readonly exactlyOnceSource: boolean;
  readonly consumerGroups: readonly string[];
}

/** Poll intervals in milliseconds; measured in docs/decisions/poll-interval.md. */
const POLL_INTERVAL_MS = { normal: 2, lowLatency: 1 } as const;

/** Settles what the settings leave open. */
export function captureSettings(settings: z.output<typeof captureSettingsSchema>): CaptureSettings {
  const exactlyOnceSource = settings.EXACTLY_ONCE_SOURCE;
  return {
    topicPrefix: settings.TOPIC_PREFIX,
    topicPartitions: settings.TOPIC_PARTITIONS,
    replicationFactor: settings.REPLICATION_FACTOR,
    retentionMs: settings.RETENTION_MS,
    maxRecordBytes: settings.MAX_RECORD_BYTES,
    pollIntervalMs:
      settings.POLL_INTERVAL_MS ??
      (settings.LOW_LATENCY ? POLL_INTERVAL_MS.lowLatency : POLL_INTERVAL_MS.normal),
    exactlyOnceSource,
    consumerGroups: settings.CONSUMER_GROUPS,
  };
}
