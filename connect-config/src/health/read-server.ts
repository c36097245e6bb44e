import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';

/** What the products database's server is set to and uses. Sizes in bytes. */
export type ServerFacts = {
  walLevel: string;
  /** -1 is unlimited. */
  maxSlotWalKeepBytes: number;
  maxReplicationSlots: number;
  replicationSlots: number;
  maxWalSenders: number;
  walSenders: number;
  /** Undefined when the role does not exist. */
  debeziumRole:
    | {
        login: boolean;
        replication: boolean;
        /** -1 is unlimited. */
        connectionLimit: number;
        /** Its password is not valid any more. */
        expired: boolean;
        /** May connect to this database. */
        connects: boolean;
      }
    | undefined;
  /** Of this database, as SQL wants it written. */
  databaseName: string;
  /** Postgres' clock minus this machine's, in milliseconds, as far as it is certain. */
  clockOffsetMs: number;
};

export async function readServer(db: Queryable): Promise<ServerFacts> {
  await db.query('select 1'); // a connection that is made first takes time of its own
  const askedAtMs = Date.now();
  const { rows } = await db.query<{
    now_ms: number;
    wal_level: string;
    keep: string;
    slots: number;
    max_slots: number;
    senders: number;
    max_senders: number;
    login: boolean | null;
    replication: boolean | null;
    connection_limit: number | null;
    expired: boolean | null;
    connects: boolean | null;
    database: string;
  }>(
    `select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms,
            current_setting('wal_level') as wal_level,
            pg_size_bytes(current_setting('max_slot_wal_keep_size')) as keep,
            current_setting('max_replication_slots')::int as max_slots,
            (select count(*)::int from pg_replication_slots) as slots,
            current_setting('max_wal_senders')::int as max_senders,
            (select count(*)::int from pg_stat_replication) as senders,
            r.rolcanlogin as login, r.rolreplication as replication, r.rolconnlimit as connection_limit,
            coalesce(r.rolvaliduntil < now(), false) as expired,
            has_database_privilege(r.oid, current_database(), 'connect') as connects,
            quote_ident(current_database()) as database
     from (values ($1)) as wanted (role) left join pg_roles r on r.rolname = wanted.role`,
    [DEBEZIUM_ROLE],
  );
  const answeredAtMs = Date.now();
  const [row] = rows;
  if (!row) throw new Error('Postgres gave no settings');
  return {
    walLevel: row.wal_level,
    maxSlotWalKeepBytes: Number(row.keep),
    maxReplicationSlots: row.max_slots,
    replicationSlots: row.slots,
    maxWalSenders: row.max_senders,
    walSenders: row.senders,
    debeziumRole:
      row.login === null || row.replication === null
        ? undefined
        : {
            login: row.login,
            replication: row.replication,
            connectionLimit: row.connection_limit ?? -1,
            expired: row.expired ?? false,
            connects: row.connects ?? true,
          },
    databaseName: row.database,
    clockOffsetMs: offsetOf(row.now_ms, askedAtMs, answeredAtMs),
  };
}

/** Half the round trip is the error: that much may be no offset at all. */
function offsetOf(nowMs: number, askedAtMs: number, answeredAtMs: number): number {
  const offsetMs = nowMs - (askedAtMs + answeredAtMs) / 2;
  const errorMs = (answeredAtMs - askedAtMs) / 2;
  return Math.sign(offsetMs) * Math.max(0, Math.abs(offsetMs) - errorMs);
}
