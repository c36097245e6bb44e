import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import { readIdentities, type TableIdentity } from '@shelfcast/product-database/table-identity';
import { formatTableName, tableNameSql } from '@shelfcast/product-database/table-name';
import { z } from 'zod';

/** JSON comes as text from some pools and parsed from others: it is asked for as text. */
const detailsSchema = z.object({
  /** pg_class.relkind: `r` is a plain table. */
  kind: z.string(),
  logged: z.boolean(),
  replicaIdentityFull: z.boolean(),
  /** May the debezium role use the schema and read the table. */
  readable: z.boolean(),
  /** Whether its policies keep rows from the debezium role, which then reads fewer than there are. */
  rowSecurity: z.boolean(),
  /** Tables that inherit from it, as SQL wants them written. */
  children: z.array(z.string()),
  generatedColumns: z.array(
    z.object({ name: z.string(), sqlName: z.string(), kind: z.enum(['stored', 'virtual']) }),
  ),
});

/** A captured table as the database has it. */
export type TableFacts = z.output<typeof detailsSchema> & {
  /** `schema.table` */
  name: string;
  /** As SQL wants it written, with quotes where it needs them. */
  sqlName: string;
  sqlSchema: string;
  routingColumn: string;
  exists: boolean;
  /** Its first snapshot has not been asked for. */
  waitsForSnapshot: boolean;
  /** As it was when it was captured; undefined: not read yet. */
  remembered: TableIdentity | undefined;
  /** What has its name now. */
  current: TableIdentity | undefined;
  /** The name that the remembered table has now, where that is another. */
  movedTo: string | undefined;
};

const NOTHING: z.output<typeof detailsSchema> = {
  kind: 'r',
  logged: true,
  replicaIdentityFull: false,
  readable: false,
  rowSecurity: false,
  children: [],
  generatedColumns: [],
};

/** Every captured table, by name. */
export async function readTables(db: Queryable): Promise<TableFacts[]> {
  const identities = new Map((await readIdentities(db)).map((one) => [formatTableName(one), one]));
  const { rows } = await db.query<{
    name: string;
    sql_name: string;
    sql_schema: string;
    routing_column: string;
    waiting: boolean;
    details: string | null;
  }>(
    `select ${tableNameSql('t.table_schema', 't.table_name')} as name,
            format('%I.%I', t.table_schema, t.table_name) as sql_name,
            quote_ident(t.table_schema) as sql_schema,
            t.routing_column,
            t.backfill_requested_at is null as waiting,
            case when c.oid is not null then jsonb_build_object(
              'kind', c.relkind,
              'logged', c.relpersistence = 'p',
              'replicaIdentityFull', c.relreplident = 'f',
              'readable', coalesce(has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, 'select'), false),
              'rowSecurity', c.relrowsecurity and not coalesce(r.rolbypassrls or r.rolsuper or (c.relowner = r.oid and not c.relforcerowsecurity), false),
              'children', coalesce((select jsonb_agg(format('%I.%I', childn.nspname, child.relname)) from pg_inherits i
                          join pg_class child on child.oid = i.inhrelid join pg_namespace childn on childn.oid = child.relnamespace
                          where i.inhparent = c.oid and c.relkind = 'r'), '[]'),
              'generatedColumns', coalesce((select jsonb_agg(jsonb_build_object('name', a.attname, 'sqlName', quote_ident(a.attname),
                          'kind', case a.attgenerated when 's' then 'stored' else 'virtual' end) order by a.attnum)
                        from pg_attribute a
                        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> ''), '[]')
            )::text end as details
     from shelfcast.captured_tables t
     left join pg_namespace n on n.nspname = t.table_schema
     left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
     left join pg_roles r on r.rolname = $1
     order by 1`,
    [DEBEZIUM_ROLE],
  );
  return rows.map((row) => {
    const identity = identities.get(row.name);
    const details = row.details === null ? NOTHING : detailsSchema.parse(JSON.parse(row.details));
    return {
      ...details,
      name: row.name,
      sqlName: row.sql_name,
      sqlSchema: row.sql_schema,
      routingColumn: row.routing_column,
      exists: row.details !== null,
      waitsForSnapshot: row.waiting,
      remembered: identity?.remembered,
      current: identity?.current,
      movedTo: identity?.movedTo,
    };
  });
}
