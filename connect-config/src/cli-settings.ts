import type { RegistryClientOptions } from '@shelfcast/schemas/registry/client';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import {
  databaseUrl,
  integer,
  kafkaConnection,
  kafkaSettings,
  registryConnection,
  registrySettings,
  secret,
  url,
} from '@shelfcast/service-kit/config/settings';
import type { KafkaConnection } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';
import { type CaptureSettings, captureSettings, captureSettingsShape } from './settings.ts';

/** The names a connector command reads from its environment. */
export const cliSettingsSchema = z.object({
  ...captureSettingsShape,
  ...kafkaSettings,
  ...registrySettings,
  PORT_OFFSET: integer({ max: 50_000 }).prefault('0'),
  KAFKA_BOOTSTRAP_SERVERS: kafkaSettings.KAFKA_BOOTSTRAP_SERVERS.optional(),
  SCHEMA_REGISTRY_URL: registrySettings.SCHEMA_REGISTRY_URL.optional(),
  KAFKA_CONNECT_URL: secret(url('http', 'https').optional()),
  PRODUCTS_DATABASE_URL: databaseUrl().optional(),
  CONSUMERS_DATABASE_URL: databaseUrl().optional(),
});

export interface CliSettings {
  readonly capture: CaptureSettings;
  readonly kafka: KafkaConnection;
  readonly registry: RegistryClientOptions;
  readonly connectUrl: string;
  /** The owner's connection to the products database. */
  readonly productsDatabaseUrl: string;
  /** Where consumers keep what they have applied, and take commands. */
  readonly consumersDatabaseUrl: string;
}

/**
 * The settings of the connector commands; addresses default to those of the local stack.
 *
 * @throws ConfigError listing every bad setting
 */
export function cliSettings(env: Readonly<Record<string, string | undefined>>): CliSettings {
  // A three-broker stack keeps three copies unless told otherwise.
  const defaults = env.BROKERS === '3' ? { REPLICATION_FACTOR: '3' } : {};
  const settings = loadConfig(cliSettingsSchema, { env: { ...defaults, ...env } });
  const local = (port: number) => `127.0.0.1:${port + settings.PORT_OFFSET}`;
  const database = (name: string) => `postgres://shelfcast:shelfcast@${local(5432)}/${name}`;
  return {
    capture: captureSettings(settings),
    kafka: kafkaConnection({
      ...settings,
      KAFKA_BOOTSTRAP_SERVERS: settings.KAFKA_BOOTSTRAP_SERVERS ?? [local(9092)],
    }),
    registry: registryConnection({
      ...settings,
      SCHEMA_REGISTRY_URL: settings.SCHEMA_REGISTRY_URL ?? `http://${local(8081)}/apis/ccompat/v7`,
    }),
    connectUrl: settings.KAFKA_CONNECT_URL ?? `http://${local(8083)}`,
    productsDatabaseUrl: settings.PRODUCTS_DATABASE_URL ?? database('products'),
    consumersDatabaseUrl: settings.CONSUMERS_DATABASE_URL ?? database('consumers'),
  };
}
