import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { ADVISORY_LOCKS } from './advisory-locks.ts';
import { NOTICE_A_DEAD_PEER } from './pool.ts';

export interface MigrationSet {
  /** Folder of `NNNN_name.sql` files, each with `-- Up Migration`. */
  readonly directory: URL;
  /** Schema that keeps the list of applied migrations; made when missing. */
  readonly schema: string;
  /** Table of that schema with the list (default `migrations`): another one, where a service has more sets than its own. */
  readonly table?: string;
  /** Schemas in which the migrations' names without one are looked up (default: as the server is configured). */
  readonly searchPath?: readonly string[];
}

/**
 * Runs `work` on a connection of its own, while no other process migrates this database. Processes
 * that start together wait for one another (node-pg-migrate's own lock would fail at once).
 */
export async function whileMigrating<T>(
  connectionString: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    connectionString,
    application_name: 'shelfcast-migrate',
    options: NOTICE_A_DEAD_PEER,
  });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCKS.migrations]); // released with the session
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Applies what is missing of a set of migrations; the caller holds `whileMigrating`.
 * @returns the names of the migrations that were applied now, in order
 */
export async function applyMigrations(
  client: pg.Client,
  { directory, schema, searchPath, table = 'migrations' }: MigrationSet,
): Promise<string[]> {
  const applied = await runner({
    dbClient: client,
    dir: fileURLToPath(directory),
    direction: 'up',
    migrationsTable: table,
    migrationsSchema: schema,
    ...(searchPath === undefined ? {} : { schema: [...searchPath] }),
    createMigrationsSchema: true,
    noLock: true,
    verbose: false,
    log: () => {},
  });
  return applied.map(({ name }) => name);
}
