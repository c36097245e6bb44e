import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { authSettings, originSettings } from '@shelfcast/service-kit/auth/settings';
import { maskedFields } from '@shelfcast/service-kit/config/masked-fields';
import {
  databaseUrl,
  integer,
  kafkaSettings,
  poolSize,
  registrySettings,
  serviceSettings,
  url,
} from '@shelfcast/service-kit/config/settings';
import { tracingSettings } from '@shelfcast/service-kit/tracing/tracing';
import { z } from 'zod';

/** Settings of the producer API. */
export const producerConfig = z.object({
  ...serviceSettings({ port: 8000 }),
  ...kafkaSettings,
  ...registrySettings,
  /** Keeps what was answered per Idempotency-Key. */
  PRODUCER_DATABASE_URL: databaseUrl(),
  PRODUCER_DATABASE_POOL_SIZE: poolSize(10),
  TOPIC_PREFIX: z.string().default(DEFAULT_TOPIC_PREFIX),
  /** Of topics that are created without saying otherwise. */
  TOPIC_PARTITIONS: integer({ min: 1, max: 1_000 }).prefault('6'),
  RETENTION_MS: integer({ min: 1 }).prefault('604800000'),
  REPLICATION_FACTOR: integer({ min: 1, max: 9 }).prefault('1'),
  /** Largest event, as the body of a request and as a record. */
  MAX_EVENT_BYTES: integer({ min: 1_024, max: 1_073_741_824 }).prefault('1048576'),
  ...authSettings,
  ...originSettings,
  ...tracingSettings,
  /** Largest body of a batch, and most events in it. */
  MAX_BATCH_BYTES: integer({ min: 1_024, max: 1_073_741_824 }).prefault('8388608'),
  MAX_BATCH_EVENTS: integer({ min: 1, max: 100_000 }).prefault('500'),
  /** Of bodies that have begun to arrive and are not answered: of all callers, half of it of one. */
  MAX_BODY_BYTES_IN_FLIGHT: integer({ min: 1_048_576, max: 4_294_967_296 }).prefault('67108864'),
  /** Where the dashboard is, for the page at /. */
  DASHBOARD_URL: url('http', 'https').optional(),
  /** How long an Idempotency-Key is remembered. */
  IDEMPOTENCY_TTL_HOURS: integer({ min: 1, max: 8_760 }).prefault('24'),
  /** Requests of one caller per second and process; above it, 429. */
  RATE_LIMIT_PER_SECOND: integer({ min: 1 }).prefault('20000'),
  /** Slow senders: how long headers, and a whole request, may take to arrive. */
  HEADERS_TIMEOUT_MS: integer({ min: 100, max: 600_000 }).prefault('10000'),
  REQUEST_TIMEOUT_MS: integer({ min: 100, max: 600_000 }).prefault('30000'),
  /** From accepting an event to the answer; after it the caller gets a 503. */
  PUBLISH_DEADLINE_MS: integer({ min: 500, max: 120_000 }).prefault('10000'),
  /** Fields whose values are not shown in reports, separated by commas. */
  MASKED_FIELDS: maskedFields(),
});

export type ProducerConfig = z.output<typeof producerConfig>;
