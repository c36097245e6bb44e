import { SLOT } from '@shelfcast/connect-config/context';
import { readHeartbeatAgeMs } from '@shelfcast/connect-config/health/heartbeat';
import { type ReplicationSlot, readSlot } from '@shelfcast/connect-config/replication-slot';
import {
  type CapturedTable,
  listCapturedTables,
} from '@shelfcast/product-database/captured-tables';
import { DEBEZIUM_ROLE } from '@shelfcast/product-database/debezium-role';
import type pg from 'pg';
import { type PublicationFacts, readPublication } from './publication.ts';
import { readTables, type TableFacts } from './tables.ts';
import { withSession } from './with-session.ts';

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
  debeziumRole: { login: boolean; replication: boolean } | undefined;
};

/** What the migration made; undefined parts are missing. */
export type CaptureFacts = {
  capturedTables: CapturedTable[];
  /** The captured tables and our own two, as they are in the database. */
  tables: TableFacts[];
  publication: PublicationFacts | undefined;
  slot: ReplicationSlot | undefined;
  /** Since the connector last wrote the heartbeat, by Postgres' clock. */
  heartbeatAgeMs: number | undefined;
};

export type PostgresFacts = {
  server: ServerFacts;
  /** Postgres' clock minus this machine's, in milliseconds; half the round trip is the error. */
  clockOffsetMs: number;
  /** Undefined when the products database is not migrated. */
  capture: CaptureFacts | undefined;
};

/**
 * Asks the products database, in one session and without changing anything.
 * @throws what pg throws when it cannot connect
 */
export async function postgresFacts(url: string): Promise<PostgresFacts> {
  return await withSession(url, async (client) => {
    const server = await readServer(client);
    const clockOffsetMs = await readClockOffset(client);
    const { rows } = await client.query<{ migrated: boolean }>(
      "select to_regclass('shelfcast.captured_tables') is not null as migrated",
    );
    const capture = rows[0]?.migrated ? await readCapture(client) : undefined;
    return { server, clockOffsetMs, capture };
  });
}

async function readServer(client: pg.Client): Promise<ServerFacts> {
  const { rows } = await client.query<{
    wal_level: string;
    keep: string;
    slots: number;
    max_slots: number;
    senders: number;
    max_senders: number;
    login: boolean | null;
    replication: boolean | null;
  }>(
    `select current_setting('wal_level') as wal_level,
            pg_size_bytes(current_setting('max_slot_wal_keep_size')) as keep,
            current_setting('max_replication_slots')::int as max_slots,
            (select count(*)::int from pg_replication_slots) as slots,
            current_setting('max_wal_senders')::int as max_senders,
            (select count(*)::int from pg_stat_replication) as senders,
            r.rolcanlogin as login, r.rolreplication as replication
     from (values ($1)) as wanted (role) left join pg_roles r on r.rolname = wanted.role`,
    [DEBEZIUM_ROLE],
  );
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
        : { login: row.login, replication: row.replication },
  };
}

async function readClockOffset(client: pg.Client): Promise<number> {
  const askedAtMs = Date.now();
  const { rows } = await client.query<{ now_ms: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now_ms',
  );
  const answeredAtMs = Date.now();
  return (rows[0]?.now_ms ?? Number.NaN) - (askedAtMs + answeredAtMs) / 2;
}

async function readCapture(client: pg.Client): Promise<CaptureFacts> {
  return {
    capturedTables: await listCapturedTables(client),
    tables: await readTables(client),
    publication: await readPublication(client),
    slot: await readSlot(client, SLOT),
    heartbeatAgeMs: await readHeartbeatAgeMs(client),
  };
}
