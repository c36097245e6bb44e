import type { Queryable } from './captured-tables.ts';

/** The publication that the migration made and the connector reads. */
export const PUBLICATION = 'shelfcast';

/** Our own tables that have to be in the stream: the one moves the slot on, the other starts snapshots. */
export const PUBLISHED_OWN = ['shelfcast.heartbeat', 'shelfcast.signal'] as const;

const OPERATIONS = 'insert, update, delete, truncate';

/**
 * Creates the publication where it is gone, and sets it back to what the migration made of it. Where that only adds to what
 * it published, tables that knew it as it was know it as it is then: nothing of them is missing.
 */
export async function ensurePublication(db: Queryable): Promise<void> {
  const { rows } = await db.query<{
    present: boolean;
    sound: boolean;
    complete: boolean;
    has_generated: boolean;
    missing: string[];
  }>(
    `select p.oid is not null as present,
            coalesce(p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate and not p.pubviaroot
              and coalesce(to_jsonb(p) ->> 'pubgencols', 's') = 's', false) as sound,
            coalesce(p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate and not p.pubviaroot, false) as complete,
            current_setting('server_version_num')::int >= 180000 as has_generated,
            array(select own from unnest($2::text[]) as own
                  where not exists (select from pg_publication_tables t where t.pubname = $1
                                    and t.schemaname || '.' || t.tablename = own)) as missing
     from (values ($1::name)) as wanted (name) left join pg_publication p on p.pubname = wanted.name`,
    [PUBLICATION, PUBLISHED_OWN],
  );
  const [row] = rows;
  if (row === undefined) return;
  // PostgreSQL 18 refuses updates of a table with REPLICA IDENTITY FULL whose stored generated column is not published.
  const generated = row.has_generated ? ', publish_generated_columns = stored' : '';
  const options = `publish = '${OPERATIONS}', publish_via_partition_root = false${generated}`;
  if (!row.present) await db.query(`create publication ${PUBLICATION} with (${options})`);
  else if (!row.sound) {
    const before = row.complete ? await publicationVersion(db) : undefined;
    await db.query(`alter publication ${PUBLICATION} set (${options})`);
    await acceptPublication(db, before);
  }
  if (row.missing.length > 0) {
    await db.query(`alter publication ${PUBLICATION} add table ${row.missing.join(', ')}`);
  }
}

/** The options of the publication as they are now. Undefined: there is none. */
export async function publicationVersion(db: Queryable): Promise<string | undefined> {
  const { rows } = await db.query<{ version: string }>(
    'select xmin::text as version from pg_publication where pubname = $1',
    [PUBLICATION],
  );
  return rows[0]?.version;
}

/** After a migration of ours changed the publication: tables that knew it as it was before know it as it is now. */
export async function acceptPublication(db: Queryable, before: string | undefined): Promise<void> {
  const now = await publicationVersion(db);
  if (before === undefined || now === undefined || before === now) return;
  await db.query(
    `update shelfcast.captured_tables set identity = jsonb_set(identity, '{publication,version}', to_jsonb($2::text))
     where identity #>> '{publication,version}' = $1`,
    [before, now],
  );
}
