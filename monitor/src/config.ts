import { CONSUMER_GROUPS } from '@shelfcast/schemas/consumer-groups';
import { DEFAULT_TOPIC_PREFIX, MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import { authSettings, originSettings } from '@shelfcast/service-kit/auth/settings';
import { maskedFields } from '@shelfcast/service-kit/config/masked-fields';
import {
  databaseUrl,
  integer,
  kafkaSettings,
  list,
  poolSize,
  registrySettings,
  serviceSettings,
  url,
} from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';
import { alertSettings } from './alerts/settings.ts';
import { operationsSettings } from './operations/settings.ts';
import { liveSettings } from './relay/settings.ts';

/** Settings of the monitor. */
export const monitorConfig = z.object({
  ...serviceSettings({ port: 7070 }),
  ...kafkaSettings,
  ...registrySettings,
  /** Keeps the reports and what is counted from them. */
  MONITORING_DATABASE_URL: databaseUrl(),
  MONITORING_DATABASE_POOL_SIZE: poolSize(10),
  /** How long reports are kept, by when their change was committed. */
  MONITORING_RETENTION_DAYS: integer({ min: 1, max: 3_650 }).prefault('7'),
  ...authSettings,
  ...originSettings,
  ...liveSettings,
  ...operationsSettings,
  ...alertSettings,
  /** Where the dashboard is, for the page at /. */
  DASHBOARD_URL: url('http', 'https').optional(),
  /** Columns whose values records and dead letters show to operators only. */
  MASKED_FIELDS: maskedFields(),
  /** How long what was counted is kept. */
  MONITORING_NUMBERS_RETENTION_DAYS: integer({ min: 1, max: 3_650 }).prefault('90'),
  /** Topic of the reports, and the group whose processes share the storing of them. */
  MONITORING_TOPIC: z.string().min(1).default(MONITORING_TOPIC),
  MONITORING_GROUP: z.string().min(1).default('monitor'),
  /** Consumers that report by the name of their group. Which topics each reads is seen in Kafka. */
  CONSUMER_GROUPS: list('consumer groups').prefault(CONSUMER_GROUPS.join(',')),
  TOPIC_PREFIX: z.string().default(DEFAULT_TOPIC_PREFIX),
});

export type MonitorConfig = z.output<typeof monitorConfig>;
