import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';
import { runMigrations as migrateJobQueue } from 'graphile-worker';
import type { ConsumerDefinition } from './runtime/contract/definition.ts';

/**
 * Brings the consumers' database up to date: positions, job queue, and the schema of each consumer.
 * Idempotent; processes that start together wait for one another.
 * @returns the migrations applied now, as `schema/name`
 */
export async function migrateConsumers(
  connectionString: string,
  definitions: readonly Pick<ConsumerDefinition<unknown>, 'name' | 'migrationsUrl'>[],
): Promise<string[]> {
  return await whileMigrating(connectionString, async (client) => {
    await migrateJobQueue({ connectionString });
    const sets = [
      { schema: 'runtime', directory: new URL('../src/runtime/migrations', import.meta.url) },
      ...definitions.map(({ name, migrationsUrl }) => ({ schema: name, directory: migrationsUrl })),
    ];
    const applied: string[] = [];
    for (const set of sets) {
      const names = await applyMigrations(client, { ...set, searchPath: [set.schema, 'public'] });
      applied.push(...names.map((name) => `${set.schema}/${name}`));
    }
    return applied;
  });
}
