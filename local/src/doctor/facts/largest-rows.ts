import { listCapturedTables } from '@shelfcast/product-database/captured-tables';
import { formatTableName } from '@shelfcast/product-database/table-name';
import pg from 'pg';
import { withSession } from './with-session.ts';

/** Beyond this, reading every row to find the largest is no longer cheap. */
const SMALL_TABLE_BYTES = 64 * 1024 * 1024;

/** A captured table and its row that is largest as text, in bytes; undefined when the table is too large to look. */
export type LargestRow = { name: string; largestRowBytes: number | undefined };

/**
 * The largest row of each captured table. The text of a row is about as long as its Avro form.
 * @throws what pg throws when it cannot connect
 */
export async function largestRows(url: string): Promise<LargestRow[]> {
  return await withSession(url, async (client) => {
    const rows: LargestRow[] = [];
    for (const { schema, table } of await listCapturedTables(client)) {
      const sqlName = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
      const largestRowBytes = await largestRow(client, sqlName);
      rows.push({ name: formatTableName({ schema, table }), largestRowBytes });
    }
    return rows;
  });
}

/** Undefined also for a table that is gone, locked or not ours to read. */
async function largestRow(client: pg.Client, sqlName: string): Promise<number | undefined> {
  try {
    const { rows: sizes } = await client.query<{ bytes: string | null }>(
      'select pg_total_relation_size(to_regclass($1)) as bytes',
      [sqlName],
    );
    const bytes = sizes[0]?.bytes ?? null;
    if (bytes === null || Number(bytes) > SMALL_TABLE_BYTES) return undefined;
    const { rows } = await client.query<{ bytes: number | null }>(
      `select max(octet_length((t.*)::text)) as bytes from ${sqlName} as t`,
    );
    return rows[0]?.bytes ?? 0;
  } catch {
    return undefined;
  }
}
