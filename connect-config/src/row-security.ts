import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import { formatTableName, type TableName } from './table-name.ts';

/** A table some rows of which a role cannot see. With `row_security = off` reading it is an error, never fewer rows. */
export interface RowSecurity {
  readonly table: TableName;
  /** Roles that need the attribute BYPASSRLS to read all of it: Debezium's, or the one that checks what was read. */
  readonly roles: readonly string[];
}

/**
 * Those of the tables (default all captured ones) whose row security keeps rows from Debezium's role, or from the role of
 * this session, which reads the keys to check them. As Postgres decides it: superusers, roles with BYPASSRLS and, unless it
 * is forced, the owner see all rows.
 */
export async function findRowSecurity(
  db: Queryable,
  tables?: readonly TableName[],
): Promise<RowSecurity[]> {
  const { rows } = await db.query<{ schema: string; table: string; roles: string[] }>(
    `select n.nspname as schema, c.relname as table, array_agg(r.rolname::text order by r.rolname) as roles
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_roles r on r.rolname in ($1, current_user)
     where c.relrowsecurity and not r.rolsuper and not r.rolbypassrls
       and not (not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'usage'))
       and (n.nspname, c.relname) in (
         select * from unnest($2::name[], $3::name[])
         union all select table_schema::name, table_name::name from shelfcast.captured_tables where $2 is null)
     group by 1, 2 order by 1, 2`,
    [
      DEBEZIUM_ROLE,
      tables?.map(({ schema }) => schema) ?? null,
      tables?.map(({ table }) => table) ?? null,
    ],
  );
  return rows.map(({ schema, table, roles }) => ({ table: { schema, table }, roles }));
}

/** What is wrong and what heals it, in a sentence. */
export function describeRowSecurity({ table, roles }: RowSecurity): string {
  const name = formatTableName(table);
  const alter = roles.map((role) => `alter role ${role} bypassrls`).join('; ');
  return `Row-level security hides rows of ${name} from ${roles.join(' and ')}: a snapshot would be refused, since what it cannot see would be taken for deleted. As a superuser: ${alter} (the whole table then goes to Kafka), or alter table ${name} disable row level security.`;
}
