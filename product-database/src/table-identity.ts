import { z } from 'zod';
import type { Queryable } from './captured-tables.ts';
import { PUBLICATION } from './publication.ts';
import { formatTableName, tableNameSql } from './table-name.ts';

const columnSchema = z.object({
  /** pg_attribute.attnum: stays when the column is renamed. */
  number: z.number(),
  name: z.string(),
  type: z.string(),
  /** Empty, `s` (stored) or `v` (virtual). */
  generated: z.string(),
  /** Of a generated one: how; undefined where it was not remembered yet. */
  expression: z.string().nullish(),
  /** Of an enum: its labels by oid, which stay when one is renamed. */
  labels: z.record(z.string(), z.string()).nullish(),
});

/** A column of a table, as the catalog has it. */
export type ColumnIdentity = z.output<typeof columnSchema>;

const identitySchema = z.object({
  oid: z.number(),
  /** The primary key, by its constraint, which a REINDEX keeps; null: there is none. */
  key: z
    .object({
      constraint: z.number(),
      columns: z.array(z.string()),
      name: z.string().default(''),
      deferrable: z.boolean().default(false),
    })
    .nullable(),
  columns: z.array(columnSchema),
  /** Of a partition: the table at the root, and all partitions below it that hold rows. */
  partitioned: z
    .object({ root: z.number(), rootName: z.string(), leaves: z.array(z.string()) })
    .nullable(),
  /** The publication as it was: null when there was none. */
  publication: z
    .object({
      oid: z.number(),
      /** Another one after each change of its options. */
      version: z.string(),
      /** The table's own entry in it, which is another one once it was taken out and put back; null: it has none. */
      member: z.number().nullable(),
    })
    .nullable(),
});

/** By what a captured table is recognized. Names are not among it: another table may have got them. */
export type TableIdentity = z.output<typeof identitySchema>;

export interface CapturedIdentity {
  readonly schema: string;
  readonly table: string;
  /** As it was when it was captured, or read again as a whole; undefined: nothing is remembered yet. */
  readonly remembered: TableIdentity | undefined;
  /** What has its name now; undefined: nothing. */
  readonly current: TableIdentity | undefined;
  /** `schema.table` that the remembered table has now, where that is another; undefined: it is gone, or has its name. */
  readonly movedTo: string | undefined;
}

/** The identity of pg_class row `c`, as JSON. */
const CURRENT = `jsonb_build_object(
  'oid', c.oid::bigint,
  'key', (select jsonb_build_object('constraint', k.oid::bigint, 'name', k.conname, 'deferrable', k.condeferrable,
            'columns', (select jsonb_agg(a.attname order by part.position)
                        from unnest(k.conkey) with ordinality as part (number, position)
                        join pg_attribute a on a.attrelid = c.oid and a.attnum = part.number))
          from pg_constraint k where k.conrelid = c.oid and k.contype = 'p'),
  'columns', coalesce((select jsonb_agg(jsonb_build_object('number', a.attnum, 'name', a.attname,
                'type', format_type(a.atttypid, a.atttypmod), 'generated', a.attgenerated,
                'expression', case when a.attgenerated <> '' then pg_get_expr(d.adbin, d.adrelid) end,
                'labels', (select jsonb_object_agg(e.oid, e.enumlabel) from pg_enum e where e.enumtypid = a.atttypid))
                order by a.attnum)
              from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped), '[]'),
  'partitioned', case when c.relispartition then
    (select jsonb_build_object('root', root.oid::oid::bigint, 'rootName', min(${tableNameSql('rn.nspname', 'r.relname')}),
              'leaves', jsonb_agg(${tableNameSql('ln.nspname', 'l.relname')} order by ln.nspname, l.relname))
     from pg_partition_root(c.oid) as root (oid)
     join pg_class r on r.oid = root.oid join pg_namespace rn on rn.oid = r.relnamespace
     cross join pg_partition_tree(root.oid) as tree
     join pg_class l on l.oid = tree.relid join pg_namespace ln on ln.oid = l.relnamespace
     where tree.isleaf group by root.oid) end,
  'publication', (select jsonb_build_object('oid', p.oid::bigint, 'version', p.xmin::text, 'member', m.oid::bigint)
                  from pg_publication p left join pg_publication_rel m on m.prpubid = p.oid and m.prrelid = c.oid
                  where p.pubname = '${PUBLICATION}'))`;

/** Captured tables `t` with what has their name now. */
const CAPTURED = `shelfcast.captured_tables t
  left join pg_namespace n on n.nspname = t.table_schema
  left join pg_class c on c.relnamespace = n.oid and c.relname = t.table_name`;

/** Every captured table, as it was and as it is, by name. Cheap: it reads catalogs alone. */
export async function readIdentities(db: Queryable): Promise<CapturedIdentity[]> {
  // JSON comes as text from some pools and parsed from others: it is asked for as text.
  const { rows } = await db.query<{
    schema: string;
    table: string;
    remembered: string | null;
    current: string | null;
    moved_to: string | null;
  }>(
    `select t.table_schema as schema, t.table_name as table, t.identity::text as remembered,
            case when c.oid is not null then (${CURRENT})::text end as current,
            case when old.oid is distinct from c.oid then ${tableNameSql('oldn.nspname', 'old.relname')} end as moved_to
     from ${CAPTURED}
     left join pg_class old on old.oid = (t.identity ->> 'oid')::bigint::oid
     left join pg_namespace oldn on oldn.oid = old.relnamespace
     order by 1, 2`,
  );
  return rows.map(({ schema, table, remembered, current, moved_to }) => ({
    ...{ schema, table },
    remembered: parse(remembered),
    current: parse(current),
    movedTo: moved_to ?? undefined,
  }));
}

function parse(text: string | null): TableIdentity | undefined {
  return text === null ? undefined : identitySchema.parse(JSON.parse(text));
}

/**
 * Remembers what a captured table is now. Only who has it read completely, or finds it for the first time, may do so: what
 * it was before is forgotten. Partitions stay as they were known first, so that one made since is still found.
 */
export async function rememberIdentity(
  db: Queryable,
  { schema, table }: { readonly schema: string; readonly table: string },
): Promise<void> {
  await db.query(
    `update shelfcast.captured_tables as captured
     set identity = case
       when captured.identity #> '{partitioned,root}' = now.identity #> '{partitioned,root}'
       then jsonb_set(now.identity, '{partitioned,leaves}', captured.identity #> '{partitioned,leaves}')
       else now.identity end
     from (select t.table_schema, t.table_name, ${CURRENT} as identity from ${CAPTURED} where c.oid is not null) as now
     where captured.table_schema = $1 and captured.table_name = $2
       and (now.table_schema, now.table_name) = (captured.table_schema, captured.table_name)`,
    [schema, table],
  );
}

/** The first look, after an upgrade. @returns the tables that were not known yet, as `schema.table` */
export async function rememberUnknown(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ schema: string; table: string }>(
    'select table_schema as schema, table_name as table from shelfcast.captured_tables where identity is null order by 1, 2',
  );
  for (const row of rows) await rememberIdentity(db, row);
  return rows.map(formatTableName);
}
