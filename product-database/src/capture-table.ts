import pg from 'pg';
import type { CapturedTable } from './captured-tables.ts';
import { grantCapture } from './debezium-role.ts';
import { PUBLICATION } from './publication.ts';
import { rememberIdentity } from './table-identity.ts';

/**
 * Makes a captured table, or another one that has its name now, ready to be captured as a whole: grant, replica
 * identity, publication without a filter, routing column. Then remembers it.
 * In the caller's transaction; repeating it is harmless.
 */
export async function captureWhole(
  client: pg.ClientBase,
  table: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  const name = `${pg.escapeIdentifier(table.schema)}.${pg.escapeIdentifier(table.table)}`;
  await grantCapture(client, table);
  const { rows } = await client.query<{
    full: boolean;
    member: boolean;
    whole: boolean;
    predecessor: string | null;
  }>(
    `select c.relreplident = 'f' as "full", m.oid is not null as member,
            m.oid is not null and m.prqual is null and m.prattrs is null as whole,
            (select format('%I.%I', old.relnamespace::regnamespace::text, old.relname) from pg_class old
             join pg_publication_rel r on r.prrelid = old.oid and r.prpubid = p.oid
             join shelfcast.captured_tables t on (t.table_schema, t.table_name) = ($1, $2)
             where old.oid = (t.identity ->> 'oid')::bigint::oid and old.oid <> c.oid
               and not exists (select from shelfcast.captured_tables o
                               where (o.table_schema, o.table_name) = (old.relnamespace::regnamespace::text, old.relname))
            ) as predecessor
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     left join pg_publication p on p.pubname = $3
     left join pg_publication_rel m on m.prrelid = c.oid and m.prpubid = p.oid
     where n.nspname = $1 and c.relname = $2`,
    [table.schema, table.table, PUBLICATION],
  );
  const [found] = rows;
  if (found === undefined) return;
  if (!found.full) await client.query(`alter table ${name} replica identity full`);
  // The table that had the name before stays out of the stream.
  if (found.predecessor !== null) {
    await client.query(`alter publication ${PUBLICATION} drop table ${found.predecessor}`);
  }
  if (!found.whole) {
    if (found.member) await client.query(`alter publication ${PUBLICATION} drop table ${name}`);
    await client.query(`alter publication ${PUBLICATION} add table ${name}`);
  }
  await adoptRoutingColumn(client, table);
  await rememberIdentity(client, table);
}

/** A routing column that was renamed keeps its values, and with them the partitions; one that is gone gives way to the key. */
async function adoptRoutingColumn(
  client: pg.ClientBase,
  { schema, table }: Pick<CapturedTable, 'schema' | 'table'>,
): Promise<void> {
  await client.query(
    `update shelfcast.captured_tables t set routing_column = coalesce(
       (select a.attname from jsonb_array_elements(t.identity -> 'columns') as known
        join pg_attribute a on a.attrelid = c.oid and a.attnum = (known ->> 'number')::int and not a.attisdropped
        where known ->> 'name' = t.routing_column and (t.identity ->> 'oid')::bigint::oid = c.oid),
       (select a.attname from pg_constraint k join pg_attribute a on a.attrelid = c.oid and a.attnum = k.conkey[1]
        where k.conrelid = c.oid and k.contype = 'p'),
       t.routing_column)
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where t.table_schema = $1 and t.table_name = $2 and n.nspname = $1 and c.relname = $2
       and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                       and a.attname = t.routing_column)`,
    [schema, table],
  );
}
