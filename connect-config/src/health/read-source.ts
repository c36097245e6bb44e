import {
  type CapturedTable,
  listCapturedTables,
  listRemovedTables,
  type Queryable,
  type RemovedTable,
} from '@shelfcast/product-database/captured-tables';
import { missingOwnGrants } from '@shelfcast/product-database/debezium-role';
import { type BrokenOwnTable, brokenOwnTables } from '@shelfcast/product-database/own-tables';
import { SLOT } from '../context.ts';
import { isRegistering } from '../registration-lock.ts';
import { currentLsn, type ReplicationSlot, readSlot } from '../replication-slot.ts';
import { readHeartbeatAgeMs } from './read-heartbeat.ts';
import { type PublicationFacts, readPublication } from './read-publication.ts';
import { readServer, type ServerFacts } from './read-server.ts';
import { readTables, type TableFacts } from './read-tables.ts';

/** What the migration made; undefined parts are missing. */
export type CaptureFacts = {
  capturedTables: CapturedTable[];
  /** Tables that were taken out of the capture and are not in it again. */
  removedTables: RemovedTable[];
  /** The captured tables as they are in the database. */
  tables: TableFacts[];
  publication: PublicationFacts | undefined;
  slot: ReplicationSlot | undefined;
  /** Our own tables that the connector cannot work with. */
  brokenOwnTables: BrokenOwnTable[];
  /** Our own tables on which the debezium role lacks a privilege. */
  missingGrants: string[];
  /** End of the WAL. */
  currentLsn: bigint;
  /** Since the connector last wrote the heartbeat, by Postgres' clock; undefined: its row is gone. */
  heartbeatWrittenAgeMs: number | undefined;
  /** Whether a command is bringing the connector up to date right now. */
  registering: boolean;
};

export type DatabaseFacts = {
  server: ServerFacts;
  /** Undefined when the products database is not migrated. */
  capture: CaptureFacts | undefined;
};

/** Asks the products database, without changing anything. @throws what pg throws */
export async function readDatabase(
  db: Queryable,
  { slotName = SLOT }: { readonly slotName?: string } = {},
): Promise<DatabaseFacts> {
  const server = await readServer(db);
  const { rows } = await db.query<{ migrated: boolean }>(
    "select to_regclass('shelfcast.captured_tables') is not null as migrated",
  );
  return { server, capture: rows[0]?.migrated ? await readCapture(db, slotName) : undefined };
}

/** Whether a table of ours is not as it has to be: that is said once, and nothing else of it. */
export function isBrokenOwn({ brokenOwnTables }: CaptureFacts, name: string): boolean {
  return brokenOwnTables.some(({ table }) => table === name);
}

async function readCapture(db: Queryable, slotName: string): Promise<CaptureFacts> {
  const broken = await brokenOwnTables(db);
  const hasHeartbeat = !broken.some(({ table }) => table === 'shelfcast.heartbeat');
  return {
    capturedTables: await listCapturedTables(db),
    removedTables: await listRemovedTables(db),
    tables: await readTables(db),
    publication: await readPublication(db),
    slot: await readSlot(db, slotName),
    brokenOwnTables: broken,
    missingGrants: await missingOwnGrants(db),
    currentLsn: await currentLsn(db),
    heartbeatWrittenAgeMs: hasHeartbeat ? await readHeartbeatAgeMs(db) : undefined,
    registering: await isRegistering(db),
  };
}
