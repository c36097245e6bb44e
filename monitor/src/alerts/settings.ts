import { integer, secret, url } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';

/** Thresholds of the alerts, and where they are sent. */
export const alertSettings = {
  /** Age of the oldest record that a consumer has not handled. */
  ALERT_LAG_SECONDS: integer({ min: 1 }).prefault('20'),
  /** Reports of failures among all that consumers reported in the last ten seconds. */
  ALERT_ERROR_PERCENT: integer({ min: 1, max: 100 }).prefault('5'),
  /** Keys of one consumer that wait for people. */
  ALERT_DEAD_LETTERS: integer({ min: 1 }).prefault('1'),
  /** Share of the WAL that the replication slot may keep. */
  ALERT_SLOT_BUDGET_PERCENT: integer({ min: 1, max: 100 }).prefault('80'),
  /** Age of the newest heartbeat in Kafka, where one arrives every 5 s. */
  ALERT_HEARTBEAT_SECONDS: integer({ min: 6 }).prefault('15'),
  /** Share of MAX_RECORD_BYTES that a captured record had in the last ten minutes. */
  ALERT_RECORD_PERCENT: integer({ min: 1, max: 100 }).prefault('80'),
  /** How long a condition has to last before its alert fires. */
  ALERT_AFTER_SECONDS: integer({ min: 0, max: 3_600 }).prefault('5'),
  /** Told when an alert fires or is resolved. */
  ALERT_WEBHOOK_URL: url('http', 'https').optional(),
  /** With which it is signed (Standard Webhooks): `whsec_` and base64. */
  ALERT_WEBHOOK_SECRET: secret(
    z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64')
      .optional(),
  ),
};

export type AlertThresholds = Pick<
  z.output<z.ZodObject<typeof alertSettings>>,
  | 'ALERT_LAG_SECONDS'
  | 'ALERT_ERROR_PERCENT'
  | 'ALERT_DEAD_LETTERS'
  | 'ALERT_SLOT_BUDGET_PERCENT'
  | 'ALERT_HEARTBEAT_SECONDS'
  | 'ALERT_RECORD_PERCENT'
>;
