import type { Queryable } from '@shelfcast/product-database/captured-tables';

/**
 * What keeps captured tables from being captured, in sentences with what mends each: dropped, not
 * readable for Debezium, not published, another replica identity, waiting for the first snapshot.
 */
export async function tableProblems(products: Queryable): Promise<string[]> {
  const { rows } = await products.query<{
    name: string;
    present: boolean;
    readable: boolean;
    published: boolean;
    full: boolean;
    waiting: boolean;
  }>(
    `select t.table_schema || '.' || t.table_name as name,
            c.oid is not null as present,
            coalesce((select has_table_privilege(r.oid, c.oid, 'select')
                      from pg_roles r where r.rolname = 'debezium'), false) as readable,
            exists (select from pg_publication_tables p where p.pubname = 'shelfcast'
                    and p.schemaname = t.table_schema and p.tablename = t.table_name) as published,
            coalesce(c.relreplident = 'f', false) as "full",
            t.backfill_requested_at is null as waiting
     from shelfcast.captured_tables t
     left join pg_namespace n on n.nspname = t.table_schema
     left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name
     order by 1`,
  );
  return rows.flatMap(({ name, present, readable, published, full, waiting }) => {
    const add = `make connector-add-table TABLE=${name}`;
    if (!present) return [`${name} is captured but does not exist in the database.`];
    return [
      ...(readable ? [] : [`The debezium role may not read ${name}. ${add} mends it.`]),
      ...(published
        ? []
        : [`${name} is captured but not published: its changes are lost. ${add} mends it.`]),
      ...(full
        ? []
        : [
            `${name} does not have REPLICA IDENTITY FULL: old values are missing. ${add} mends it.`,
          ]),
      ...(waiting ? [`${name} still waits for its first snapshot: ${add} goes on.`] : []),
    ];
  });
}
