import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { maskedFields } from '@shelfcast/service-kit/config/masked-fields';
import {
  integer,
  kafkaSettings,
  registrySettings,
  serviceSettings,
} from '@shelfcast/service-kit/config/settings';
import { tracingSettings } from '@shelfcast/service-kit/tracing/tracing';
import { z } from 'zod';

/** Settings of capture-reports. */
export const captureConfig = z.object({
  ...serviceSettings({ port: 7072 }),
  ...kafkaSettings,
  ...registrySettings,
  ...tracingSettings,
  /** The interface of /livez, /readyz and /metrics; probes come from elsewhere in a container. */
  HEALTH_HOST: z.string().default('127.0.0.1'),
  TOPIC_PREFIX: z.string().default(DEFAULT_TOPIC_PREFIX),
  /** Of this many snapshot reads one is reported; 1: all. Streamed changes are always reported. */
  SNAPSHOT_REPORT_EVERY: integer({ min: 1, max: 1_000_000 }).prefault('1'),
  /** Columns whose values are not shown in reports, separated by commas. */
  MASKED_FIELDS: maskedFields(),
  /** Characters of a value, and columns of a change, that a report shows. */
  REPORT_VALUE_LENGTH: integer({ min: 1, max: 10_000 }).prefault('100'),
  REPORT_COLUMNS: integer({ min: 1, max: 1_000 }).prefault('20'),
});

export type CaptureConfig = z.output<typeof captureConfig>;
