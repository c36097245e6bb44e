import { applyMigrations, whileMigrating } from '@shelfcast/service-kit/postgres/migrations';
import { ensureDebeziumRole } from './debezium-role.ts';
import { ensureOwnTables } from './own-tables.ts';
import { acceptPublication, publicationVersion } from './publication.ts';
import { rememberUnknown } from './table-identity.ts';

const MIGRATIONS = {
  directory: new URL('../migrations', import.meta.url),
  schema: 'shelfcast',
} as const;

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
  return whileMigrating(connectionString, async (client) => {
    const publication = await publicationVersion(client);
    const applied = await applyMigrations(client, MIGRATIONS);
    log(applied.length === 0 ? 'Schema is up to date' : `Applied ${applied.join(', ')}`);
    await acceptPublication(client, publication);
    const made = await ensureOwnTables(client);
    if (made.length > 0) log(`Made ${made.join(', ')} again`);
    await ensureDebeziumRole({ client, password: debeziumPassword, log });
    const first = await rememberUnknown(client);
    if (first.length > 0) log(`Will recognize ${first.join(', ')}`);
    return applied;
  });
}
