import { auditMigrations } from '@shelfcast/service-kit/audit/audit';
import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';

/**
 * Brings the API's database up to date. Idempotent; processes that start together wait for one another.
 * @returns the migrations applied now
 */
export async function migrateProducer(connectionString: string): Promise<string[]> {
  return await whileMigrating(connectionString, async (client) => [
    ...(await applyMigrations(client, auditMigrations('producer'))),
    ...(await applyMigrations(client, {
      schema: 'producer',
      directory: new URL('../src/migrations', import.meta.url),
    })),
  ]);
}
