import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/migrations';

/**
 * Brings the monitoring database up to date. Idempotent; processes that start together wait for one another.
 * @returns the migrations applied now
 */
export async function migrateMonitoring(connectionString: string): Promise<string[]> {
  return await whileMigrating(connectionString, (client) =>
    applyMigrations(client, {
      schema: 'monitoring',
      directory: new URL('../src/migrations', import.meta.url),
      searchPath: ['monitoring', 'public'],
    }),
  );
}
