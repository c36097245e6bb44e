import type { Pool } from 'pg';

/** Topic to the services that read it, as was last known. */
export async function savedExpectations(pool: Pool): Promise<Map<string, ReadonlySet<string>>> {
  const { rows } = await pool.query<{ topic: string; services: string[] }>(
    'select topic, array_agg(service) as services from monitoring.expectations group by topic',
  );
  return new Map(rows.map(({ topic, services }) => [topic, new Set(services)]));
}

/** Keeps which services read which topic, in place of what was known before. */
export async function saveExpectations(
  pool: Pool,
  expected: ReadonlyMap<string, ReadonlySet<string>>,
  nowMs: number,
): Promise<void> {
  const pairs = [...expected].flatMap(([topic, services]) =>
    [...services].map((service) => ({ topic, service })),
  );
  await pool.query(
    `with kept as (
       insert into monitoring.expectations (topic, service, seen_at)
       select topic, service, to_timestamp($3::float8) from unnest($1::text[], $2::text[]) as e(topic, service)
       on conflict (topic, service) do update set seen_at = excluded.seen_at
       returning topic, service)
     delete from monitoring.expectations e
     where not exists (select from kept k where k.topic = e.topic and k.service = e.service)`,
    [pairs.map(({ topic }) => topic), pairs.map(({ service }) => service), nowMs / 1000],
  );
}
