import { z } from 'zod';
import type { Queryable } from './captured-tables.ts';
import { DEBEZIUM_ROLE, grantOwnTables } from './debezium-role.ts';
import { PUBLICATION } from './publication.ts';

/** As the migration made them (002_capture.sql). What is in them is of the moment. */
const OWN_TABLES = {
  'shelfcast.heartbeat': {
    columns: ['id integer', 'beat_at timestamp with time zone'],
    full: false,
    create: `create table shelfcast.heartbeat (
      id      integer primary key default 1 check (id = 1),
      beat_at timestamptz not null default now()
    );
    insert into shelfcast.heartbeat default values`,
  },
  'shelfcast.signal': {
    columns: ['id text', 'type text', 'data text'],
    full: true,
    create: `create table shelfcast.signal (id text primary key, type text not null, data text);
    alter table shelfcast.signal replica identity full`,
  },
} as const;

const texts = z.array(z.string());

export type OwnTable = keyof typeof OWN_TABLES;

export interface BrokenOwnTable {
  readonly table: OwnTable;
  /** What is there instead, as the end of a sentence. */
  readonly reason: string;
}

/** Those of our own tables in the stream that the connector cannot work with any more. */
export async function brokenOwnTables(db: Queryable): Promise<BrokenOwnTable[]> {
  const names = Object.keys(OWN_TABLES) as OwnTable[];
  const { rows } = await db.query<{
    table: OwnTable;
    kind: string | null;
    logged: boolean;
    full: boolean;
    secured: boolean;
    columns: string;
    hooks: string;
  }>(
    // Arrays come as text from some pools.
    `select own as "table", c.relkind as kind, c.relpersistence = 'p' as logged, c.relreplident = 'f' as "full",
            c.relrowsecurity as secured,
            (select coalesce(json_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum), '[]')
             from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text as columns,
            (select coalesce(json_agg(hook), '[]') from (
               select 'trigger ' || t.tgname from pg_trigger t
               where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D'
               union all select 'rule ' || r.rulename from pg_rewrite r where r.ev_class = c.oid) as h(hook))::text as hooks
     from unnest($1::text[]) as own left join pg_class c on c.oid = to_regclass(own)`,
    [names],
  );
  return rows.flatMap(({ table, kind, logged, full, secured, columns, hooks }) => {
    const wanted = OWN_TABLES[table];
    const [hook] = texts.parse(JSON.parse(hooks));
    const broken = (reason: string) => [{ table, reason }];
    if (kind === null) return broken('is gone');
    if (kind !== 'r' || !logged) return broken('is no plain table any more');
    if (JSON.stringify(JSON.parse(columns)) !== JSON.stringify(wanted.columns)) {
      return broken(`has other columns than (${wanted.columns.join(', ')})`);
    }
    if (hook !== undefined) return broken(`has a ${hook}, which may keep rows from it`);
    if (secured) return broken('has row-level security');
    if (wanted.full && !full) return broken('does not have REPLICA IDENTITY FULL');
    return [];
  });
}

/** Makes those again that are broken, in the caller's transaction. @returns their names */
export async function ensureOwnTables(db: Queryable): Promise<OwnTable[]> {
  const broken = (await brokenOwnTables(db)).map(({ table }) => table);
  for (const table of broken) {
    const { rows } = await db.query<{ kind: string | null; published: boolean }>(
      `select (select relkind from pg_class where oid = to_regclass($1)) as kind,
              exists (select from pg_publication where pubname = $2) as published`,
      [table, PUBLICATION],
    );
    const [found] = rows;
    if (found?.kind != null)
      await db.query(`drop ${found.kind === 'v' ? 'view' : 'table'} ${table}`);
    await db.query(OWN_TABLES[table].create);
    if (found?.published) await db.query(`alter publication ${PUBLICATION} add table ${table}`);
  }
  const { rowCount } = await db.query('select from pg_roles where rolname = $1', [DEBEZIUM_ROLE]);
  if (broken.length > 0 && rowCount !== 0) await grantOwnTables(db);
  return broken;
}
