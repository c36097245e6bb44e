import type { Queryable } from '@shelfcast/product-database/captured-tables';

/** Since the connector last wrote the heartbeat, by Postgres' clock; undefined when its row is gone. */
export async function readHeartbeatAgeMs(db: Queryable): Promise<number | undefined> {
  const { rows } = await db.query<{ age_ms: number }>(
    'select extract(epoch from clock_timestamp() - beat_at)::float8 * 1000 as age_ms from shelfcast.heartbeat',
  );
  return rows[0]?.age_ms;
}
