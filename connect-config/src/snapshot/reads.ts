import type { Queryable } from '@shelfcast/product-database/captured-tables';
import type { TableName } from '../table-name.ts';
import type { SnapshotRequest } from './request.ts';

export interface NotedRead {
  readonly table: TableName;
  readonly request: SnapshotRequest;
  /** `reading`, `read`, or `failed: ` and why. */
  readonly status: string;
  readonly rows?: number;
  readonly keys?: number;
}

/** Remembers the newest reading of a table. One that found it whole also ends the wait for its first snapshot. */
export async function noteRead(
  db: Queryable,
  { table, request, status, rows, keys }: NotedRead,
): Promise<void> {
  const ended = status !== 'reading';
  await db.query(
    `insert into shelfcast.table_reads as r
       (table_schema, table_name, signal_id, signal_lsn, status, rows_read, keys_checked, ended_at)
     values ($1, $2, $3, '0/0'::pg_lsn + $4::numeric, $5, $6, $7, case when $8 then now() end)
     on conflict (table_schema, table_name) do update set
       requested_at = case when r.signal_id = excluded.signal_id then r.requested_at else now() end,
       signal_id = excluded.signal_id, signal_lsn = excluded.signal_lsn, status = excluded.status,
       rows_read = excluded.rows_read, keys_checked = excluded.keys_checked, ended_at = excluded.ended_at`,
    [
      table.schema,
      table.table,
      request.signalId,
      String(request.signalLsn),
      status,
      rows ?? null,
      keys ?? null,
      ended,
    ],
  );
  if (status !== 'read') return;
  await db.query(
    `update shelfcast.captured_tables c set backfill_requested_at = r.requested_at
     from shelfcast.table_reads r
     where r.table_schema = c.table_schema and r.table_name = c.table_name
       and c.table_schema = $1 and c.table_name = $2 and c.backfill_requested_at is null`,
    [table.schema, table.table],
  );
}
