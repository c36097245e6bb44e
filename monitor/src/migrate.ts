import { auditMigrations } from '@shelfcast/service-kit/audit/audit';
import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';

/**
 * Brings the monitoring database up to date. Idempotent; processes that start together wait for one another.
 * @returns the migrations applied now
 */
export async function migrateMonitoring(connectionString: string): Promise<string[]> {
  return await whileMigrating(connectionString, async (client) => [
    ...(await applyMigrations(client, auditMigrations('monitoring'))),
    ...(await applyMigrations(client, {
      schema: 'monitoring',
      directory: new URL('../src/migrations', import.meta.url),
      searchPath: ['monitoring', 'public'],
    })),
  ]);
}
