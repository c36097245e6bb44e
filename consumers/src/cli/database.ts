import { loadConfig } from '@shelfcast/service-kit/config/config';
import { databaseUrl, integer } from '@shelfcast/service-kit/config/settings';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { z } from 'zod';

const cliSettingsSchema = z.object({
  PORT_OFFSET: integer({ max: 50_000 }).prefault('0'),
  CONSUMERS_DATABASE_URL: databaseUrl().optional(),
});

/**
 * Does the work of one command on the consumers' database; by default that of the local stack.
 * @throws ConfigError listing every bad setting
 */
export async function withConsumersDatabase(
  env: Readonly<Record<string, string | undefined>>,
  work: (pool: Pool) => Promise<void>,
): Promise<void> {
  const pool = createPool({
    url: consumersDatabaseUrl(env),
    max: 1,
    applicationName: 'shelfcast-cli',
    log: silentLogger(),
  });
  try {
    await work(pool);
  } finally {
    await pool.end();
  }
}

function consumersDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  const settings = loadConfig(cliSettingsSchema, { env });
  return (
    settings.CONSUMERS_DATABASE_URL ??
    `postgres://shelfcast:shelfcast@127.0.0.1:${5432 + settings.PORT_OFFSET}/consumers`
  );
}
