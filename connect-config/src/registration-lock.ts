import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { ADVISORY_LOCKS } from '@shelfcast/service-kit/postgres/advisory-locks';

export const REGISTER_LOCK = ADVISORY_LOCKS.connectorRegistration;

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
