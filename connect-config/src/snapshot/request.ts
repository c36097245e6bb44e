import { randomUUID } from 'node:crypto';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import pg from 'pg';
import { quotedName } from '../key-check/key-columns.ts';
import { currentLsn } from '../replication-slot.ts';
import type { TableName } from '../table-name.ts';
import type { ReadFailure } from './outcome.ts';

/** A request for a snapshot of tables: a row of the signal table, so it stands in the WAL. */
export interface SnapshotRequest {
  /** Debezium's notifications carry it. */
  readonly signalId: string;
  /**
   * A place in the WAL at or before the request. Every read of the snapshot has a position above it, so a row that
   * existed then and was not seen at or above it is gone.
   */
  readonly signalLsn: bigint;
  /** A place in the WAL behind the request: an offset there is one of a connector that has seen it. */
  readonly requestedLsn: bigint;
}

/** A request with the tables that it leaves out, since they could not be looked at. */
export interface SentRequest extends SnapshotRequest {
  readonly refused: ReadonlyMap<TableName, ReadFailure>;
}

export interface RequestOptions {
  readonly tables: readonly TableName[];
  readonly publication: string;
  /** SQL condition on the rows to be read; without it all are. */
  readonly filter?: string | undefined;
}

/**
 * Asks the connector to read tables, one after another, beside the stream of changes. A connector that is down acts on it
 * later.
 *
 * Which columns a table has goes into the WAL before it, in a transaction in which they cannot change: one for each table,
 * so that never more than one of them is locked.
 */
export async function requestSnapshot(
  products: pg.Pool,
  { tables, publication, filter }: RequestOptions,
): Promise<SentRequest> {
  const signalId = `snapshot-${randomUUID()}`;
  // Earlier requests have been read from the WAL; nothing reads the table itself.
  await products.query(
    "delete from shelfcast.signal where type in ('table-columns', 'execute-snapshot', 'read-tables')",
  );
  const refused = new Map<TableName, ReadFailure>();
  for (const [index, table] of tables.entries()) {
    try {
      await tellColumns(products, { id: `${signalId}-columns-${index}`, table, publication });
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      refused.set(table, { isRead: false, status: 'REFUSED', reason: error.message });
    }
  }
  const asked = tables.filter((table) => !refused.has(table));
  if (asked.length === 0) return { signalId, signalLsn: 0n, requestedLsn: 0n, refused };
  const signalLsn = await inTransaction(products, async (tx) => {
    const lsn = await currentLsn(tx);
    await tx.query("insert into shelfcast.signal (id, type, data) values ($1, 'read-tables', $2)", [
      signalId,
      JSON.stringify({ tables: asked.map(({ schema, table }) => ({ schema, table, filter })) }),
    ]);
    return lsn;
  });
  return { signalId, signalLsn, requestedLsn: await currentLsn(products), refused };
}

async function tellColumns(
  products: pg.Pool,
  {
    id,
    table,
    publication,
  }: { readonly id: string; readonly table: TableName; readonly publication: string },
): Promise<void> {
  await inTransaction(products, async (tx) => {
    await tx.query("set local lock_timeout = '5s'");
    await tx.query(`lock table ${quotedName(table)} in access share mode`);
    await tx.query(
      `insert into shelfcast.signal (id, type, data)
       select $1, 'table-columns', jsonb_build_object('schema', $2::text, 'table', $3::text, 'columns',
         (select jsonb_agg(c)::text from shelfcast.published_columns($4, to_regclass($5)) as c))::text`,
      [id, table.schema, table.table, publication, quotedName(table)],
    );
  });
}
