import { loadConfig } from '@shelfcast/service-kit/config/config';
import { databaseUrl, integer, secret } from '@shelfcast/service-kit/config/settings';
import { z } from 'zod';

/** The names this package's commands read from their environment. */
export const productDatabaseSettingsSchema = z.object({
  PORT_OFFSET: integer({ max: 50_000 }).prefault('0'),
  PRODUCTS_DATABASE_URL: databaseUrl().optional(),
  CDC_DATABASE_PASSWORD: secret(z.string().default('debezium')),
});

export interface ProductDatabaseSettings {
  /** The owner's connection to the products database. */
  readonly connectionString: string;
  readonly debeziumPassword: string;
}

/**
 * The settings of this package's commands; the defaults are those of the local stack.
 *
 * @throws ConfigError listing every bad setting.
 */
export function productDatabaseSettings(
  env: Readonly<Record<string, string | undefined>>,
): ProductDatabaseSettings {
  const settings = loadConfig(productDatabaseSettingsSchema, { env });
  return {
    connectionString:
      settings.PRODUCTS_DATABASE_URL ??
      `postgres://shelfcast:shelfcast@127.0.0.1:${5432 + settings.PORT_OFFSET}/products`,
    debeziumPassword: settings.CDC_DATABASE_PASSWORD,
  };
}
