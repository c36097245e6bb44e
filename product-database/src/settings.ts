import { z } from 'zod';

const settingsSchema = z.object({
  PORT_OFFSET: z.coerce.number().int().min(0).default(0),
  PRODUCTS_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  CDC_DATABASE_PASSWORD: z.string().min(1).default('debezium'),
});

export interface ProductDatabaseSettings {
  readonly connectionString: string;
  readonly debeziumPassword: string;
}

/**
 * The settings of this package's commands; the defaults are those of the local stack.
 *
 * @throws z.ZodError listing every bad setting.
 */
export function productDatabaseSettings(
  env: Readonly<Record<string, string | undefined>>,
): ProductDatabaseSettings {
  const settings = settingsSchema.parse(env);
  return {
    connectionString:
      settings.PRODUCTS_DATABASE_URL ??
      `postgres://shelfcast:shelfcast@127.0.0.1:${5432 + settings.PORT_OFFSET}/products`,
    debeziumPassword: settings.CDC_DATABASE_PASSWORD,
  };
}
