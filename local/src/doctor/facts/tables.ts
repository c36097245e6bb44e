import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';

/** Beyond this, reading every row to find the largest is no longer cheap. */
const SMALL_TABLE_BYTES = 64 * 1024 * 1024;

/** A captured table as the database has it. */
export type TableFacts = {
  /** `schema.table` */
  name: string;
  /** As SQL wants it written, with quotes where it needs them. */
  sqlName: string;
  sqlSchema: string;
  exists: boolean;
  replicaIdentityFull: boolean;
  /** May the debezium role use the schema and read the table. */
  readable: boolean;
  generatedColumns: { name: string; sqlName: string; kind: 'stored' | 'virtual' }[];
  /** Its first snapshot has not been asked for. */
  waitsForSnapshot: boolean;
  /** The row that is largest as text, in bytes; undefined when the table is too large to look. */
  largestRowBytes: number | undefined;
};

/** Every captured table, by name. */
export async function readTables(db: Queryable): Promise<TableFacts[]> {
  const { rows } = await db.query<{
    name: string;
    sql_name: string;
    sql_schema: string;
    present: boolean;
    full: boolean;
    readable: boolean;
    generated: TableFacts['generatedColumns'];
    waiting: boolean;
    bytes: string | null;
  }>(
    `select t.table_schema || '.' || t.table_name as name,
            format('%I.%I', t.table_schema, t.table_name) as sql_name,
            quote_ident(t.table_schema) as sql_schema,
            c.oid is not null as present,
            coalesce(c.relreplident = 'f', false) as "full",
            coalesce(has_schema_privilege(r.oid, n.oid, 'usage') and has_table_privilege(r.oid, c.oid, 'select'), false) as readable,
            coalesce((select jsonb_agg(jsonb_build_object('name', a.attname, 'sqlName', quote_ident(a.attname),
                        'kind', case a.attgenerated when 's' then 'stored' else 'virtual' end) order by a.attnum)
                      from pg_attribute a
                      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> ''), '[]') as generated,
            t.backfill_requested_at is null as waiting,
            pg_total_relation_size(c.oid) as bytes
     from shelfcast.captured_tables t
     left join pg_namespace n on n.nspname = t.table_schema
     left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
     left join pg_roles r on r.rolname = $1
     order by 1`,
    [DEBEZIUM_ROLE],
  );
  const tables: TableFacts[] = [];
  for (const row of rows) {
    const small = row.bytes !== null && Number(row.bytes) <= SMALL_TABLE_BYTES;
    tables.push({
      name: row.name,
      sqlName: row.sql_name,
      sqlSchema: row.sql_schema,
      exists: row.present,
      replicaIdentityFull: row.full,
      readable: row.readable,
      generatedColumns: row.generated,
      waitsForSnapshot: row.waiting,
      largestRowBytes: small ? await largestRow(db, row.sql_name) : undefined,
    });
  }
  return tables;
}

/** The text of a row is about as long as its Avro form. Undefined for a table that is locked or not ours to read. */
async function largestRow(db: Queryable, sqlName: string): Promise<number | undefined> {
  try {
    const { rows } = await db.query<{ bytes: number | null }>(
      `select max(octet_length((t.*)::text)) as bytes from ${sqlName} as t`,
    );
    return rows[0]?.bytes ?? 0;
  } catch {
    return undefined;
  }
}
