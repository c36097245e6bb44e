import { randomUUID } from 'node:crypto';
import { inTransaction } from '@shelfcast/service-kit/postgres';
import type pg from 'pg';
import { tablePattern } from '../include-list.ts';
import { quotedName } from '../key-check/key-columns.ts';
import { currentLsn } from '../replication-slot.ts';
import type { TableName } from '../table-name.ts';

/** A request for a snapshot of one table: a row of the signal table, so it stands in the WAL. */
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

/**
 * Asks the connector to read a table beside the stream of changes. A connector that is down acts on it later.
 *
 * Which columns the table has goes into the WAL with it, in a transaction in which they cannot change.
 */
export async function requestSnapshot(
  products: pg.Pool,
  { table, publication }: { readonly table: TableName; readonly publication: string },
): Promise<SnapshotRequest> {
  const signalId = `snapshot-${randomUUID()}`;
  const signalLsn = await inTransaction(products, async (tx) => {
    await tx.query("set local lock_timeout = '5s'");
    await tx.query(`lock table ${quotedName(table)} in access share mode`);
    // Earlier requests have been read from the WAL; nothing reads the table itself.
    await tx.query(
      "delete from shelfcast.signal where type in ('table-columns', 'execute-snapshot')",
    );
    const lsn = await currentLsn(tx);
    await tx.query(
      `insert into shelfcast.signal (id, type, data)
       select $1, 'table-columns', jsonb_build_object('schema', $2::text, 'table', $3::text, 'columns',
         (select jsonb_agg(c)::text from shelfcast.published_columns($4, to_regclass($5)) as c))::text`,
      [`${signalId}-columns`, table.schema, table.table, publication, quotedName(table)],
    );
    await tx.query('insert into shelfcast.signal (id, type, data) values ($1, $2, $3)', [
      signalId,
      'execute-snapshot',
      JSON.stringify({ type: 'incremental', 'data-collections': [tablePattern(table)] }),
    ]);
    return lsn;
  });
  return { signalId, signalLsn, requestedLsn: await currentLsn(products) };
}
