import type { Pool } from 'pg';
import type { CapturedEntity } from './contract/captured-entity.ts';

/** Tells which tables' topics a consumer waits for, in place of what it told before: the monitor and doctor name them. */
export async function tellMissingTopics(
  pool: Pick<Pool, 'query'>,
  { consumer, missing }: { readonly consumer: string; readonly missing: readonly CapturedEntity[] },
): Promise<void> {
  await pool.query(
    `with there as (delete from runtime.missing_topics where consumer = $1 and topic <> all ($2))
     insert into runtime.missing_topics (consumer, topic, table_schema, table_name)
     select $1, * from unnest($2::text[], $3::text[], $4::text[])
     on conflict (consumer, topic) do update set told_at = now()`,
    [
      consumer,
      missing.map(({ topic }) => topic),
      missing.map(({ schema }) => schema),
      missing.map(({ table }) => table),
    ],
  );
}
