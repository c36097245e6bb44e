import type { Queryable } from '@shelfcast/product-database/captured-tables';

/** Any constant will do, as long as nothing else in the products database locks it. */
export const REGISTER_LOCK = 7_357_202;

/** Whether a command is bringing the connector up to date now. */
export async function isRegistering(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from pg_locks
     where locktype = 'advisory' and granted and classid = 0 and objid = $1 and objsubid = 1
       and database = (select oid from pg_database where datname = current_database())`,
    [REGISTER_LOCK],
  );
  return rowCount !== 0;
}
