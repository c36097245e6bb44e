import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { ensureDebeziumRole } from './debezium-role.ts';

/** Any constant will do, as long as nothing else in this database locks it. */
const MIGRATION_LOCK = 7_357_201;

const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../migrations', import.meta.url));

export interface MigrateProductsOptions {
  /** Connects as the owner of the products database. */
  readonly connectionString: string;
  /** The password the connector will log in with. */
  readonly debeziumPassword: string;
  readonly log?: (message: string) => void;
}

/**
 * Brings the products database up to date: tables, capture bookkeeping, publication, and the debezium
 * role with its grants. Idempotent; processes that migrate at the same time wait for one another.
 *
 * @returns the names of the migrations that were applied now, in order.
 * @throws RolePrivilegeError when the debezium role is missing and may not be created.
 */
export async function migrateProducts({
  connectionString,
  debeziumPassword,
  log = () => {},
}: MigrateProductsOptions): Promise<string[]> {
  const client = new pg.Client({ connectionString, application_name: 'shelfcast-migrate' });
  await client.connect();
  try {
    // Released with the session. node-pg-migrate's own lock fails at once instead of waiting.
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIRECTORY,
      direction: 'up',
      migrationsTable: 'migrations',
      migrationsSchema: 'shelfcast',
      createMigrationsSchema: true,
      noLock: true,
      verbose: false,
      log: () => {},
    });
    const names = applied.map(({ name }) => name);
    log(names.length === 0 ? 'Schema is up to date' : `Applied ${names.join(', ')}`);
    await ensureDebeziumRole({ client, password: debeziumPassword, log });
    return names;
  } finally {
    await client.end();
  }
}
