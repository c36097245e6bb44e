import pg from 'pg';
import type { Queryable } from './captured-tables.ts';
import { formatTableName } from './table-name.ts';

/** Raised when the migrating role may not do something the debezium role needs; says what to run instead. */
export class RolePrivilegeError extends Error {
  readonly code = 'ROLE_PRIVILEGE';
  readonly retriable = false;
}

const INSUFFICIENT_PRIVILEGE = '42501';

/** The Postgres role the connector logs in with. */
export const DEBEZIUM_ROLE = 'debezium';

/** What the role has to be allowed on our own tables. */
export const OWN_GRANTS = [
  { table: 'shelfcast.signal', privileges: ['select', 'insert', 'delete'] },
  { table: 'shelfcast.heartbeat', privileges: ['select', 'update'] },
] as const;

/** Our own tables on which the role lacks a privilege; none where there is no role. */
export async function missingOwnGrants(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ table: string }>(
    `select wanted."table" from unnest($2::text[], $3::text[]) as wanted ("table", privilege)
     join pg_roles r on r.rolname = $1
     where not coalesce(has_schema_privilege(r.oid, 'shelfcast', 'usage')
                        and has_table_privilege(r.oid, to_regclass(wanted."table"), wanted.privilege), false)
     group by 1 order by 1`,
    [
      DEBEZIUM_ROLE,
      OWN_GRANTS.flatMap(({ table, privileges }) => privileges.map(() => table)),
      OWN_GRANTS.flatMap(({ privileges }) => privileges),
    ],
  );
  return rows.map(({ table }) => table);
}

export interface DebeziumRoleOptions {
  readonly client: pg.ClientBase;
  readonly password: string;
  readonly log: (message: string) => void;
}

/**
 * Makes sure the `debezium` role exists, may log in and replicate, has `password`, and holds exactly the
 * rights it needs: SELECT on captured tables, INSERT/DELETE on the signal table, UPDATE on the heartbeat.
 * It can write no business table. Safe to repeat.
 *
 * @throws RolePrivilegeError when the migrating role cannot create it, as on many managed clusters.
 */
export async function ensureDebeziumRole(options: DebeziumRoleOptions): Promise<void> {
  const { client, log } = options;
  if (await roleExists(client)) await updateRole(options);
  else await createRole(options);

  const role = pg.escapeIdentifier(DEBEZIUM_ROLE);
  await client.query(`grant connect on database ${await databaseName(client)} to ${role}`);
  await client.query(`grant usage on schema public to ${role}`);
  await grantOwnTables(client);
  const { rows } = await client.query<{ schema: string; table: string; present: boolean }>(
    `select t.table_schema as schema, t.table_name as table, c.oid is not null as present
     from shelfcast.captured_tables t
     left join pg_namespace n on n.nspname = t.table_schema
     left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name`,
  );
  const present = rows.filter((row) => row.present);
  for (const table of present) await grantCapture(client, table);
  log(`Role ${DEBEZIUM_ROLE} may replicate and read ${present.length} captured tables`);
  // The pipeline starts all the same: the others flow, and doctor and the monitor name what heals it.
  for (const table of rows.filter((row) => !row.present)) {
    log(`${formatTableName(table)} is captured but does not exist: make doctor`);
  }
}

/** Lets the debezium role work with our own tables. Safe to repeat. */
export async function grantOwnTables(db: Queryable): Promise<void> {
  const role = pg.escapeIdentifier(DEBEZIUM_ROLE);
  await db.query(`grant usage on schema shelfcast to ${role}`);
  for (const { table, privileges } of OWN_GRANTS) {
    await db.query(`grant ${privileges.join(', ')} on ${table} to ${role}`);
  }
}

/** Lets the debezium role read one table, and its schema. Safe to repeat. */
export async function grantCapture(
  client: pg.ClientBase,
  { schema, table }: { readonly schema: string; readonly table: string },
): Promise<void> {
  const role = pg.escapeIdentifier(DEBEZIUM_ROLE);
  const schemaName = pg.escapeIdentifier(schema);
  await client.query(`grant usage on schema ${schemaName} to ${role}`);
  await client.query(`grant select on ${schemaName}.${pg.escapeIdentifier(table)} to ${role}`);
}

async function databaseName(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ name: string }>('select current_database() as name');
  return pg.escapeIdentifier(rows[0]?.name ?? '');
}

async function roleExists(client: pg.ClientBase): Promise<boolean> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [
    DEBEZIUM_ROLE,
  ]);
  return rowCount === 1;
}

async function createRole({ client, password }: DebeziumRoleOptions): Promise<void> {
  const definition = `create role ${pg.escapeIdentifier(DEBEZIUM_ROLE)} login replication`;
  try {
    await client.query(`${definition} password ${pg.escapeLiteral(password)}`);
  } catch (error) {
    if (!isInsufficientPrivilege(error)) throw error;
    throw new RolePrivilegeError(
      `The migrating role may not create a role with REPLICATION. Have an administrator run "${definition} password '…'" (on Amazon RDS: create role ${DEBEZIUM_ROLE} login password '…'; grant rds_replication to ${DEBEZIUM_ROLE}) and migrate again.`,
      { cause: error },
    );
  }
}

/** An administrator may have made the role and keep its password: then it is enough that it can replicate. */
async function updateRole({ client, password, log }: DebeziumRoleOptions): Promise<void> {
  try {
    await client.query(
      `alter role ${pg.escapeIdentifier(DEBEZIUM_ROLE)} login replication valid until 'infinity' password ${pg.escapeLiteral(password)}`,
    );
  } catch (error) {
    if (!isInsufficientPrivilege(error)) throw error;
    log(
      `Role ${DEBEZIUM_ROLE} exists and is managed by someone else: its password is left as it is`,
    );
  }
}

function isInsufficientPrivilege(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE;
}
