import { SLOT } from '@shelfcast/connect-config/context';
import { databaseUrl, onOff, secret, url } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';

/** Settings of what is watched and operated beside the reports. */
export const operationsSettings = {
  /** Where consumers keep what they could not apply, and take commands. */
  CONSUMERS_DATABASE_URL: databaseUrl(),
  /** The captured database, for its replication slot and heartbeat. */
  PRODUCTS_DATABASE_URL: databaseUrl(),
  /** Any worker of Kafka Connect. */
  KAFKA_CONNECT_URL: secret(url('http', 'https')),
  /** The slot that is watched. */
  REPLICATION_SLOT: z.string().min(1).default(SLOT),
  /** Whether a table that keeps all others from flowing is taken out of the capture by itself. */
  TABLE_GUARD: onOff().prefault('on'),
};
