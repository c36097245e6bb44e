import { captureWhole } from '@shelfcast/product-database/capture-table';
import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { ensurePublication } from '@shelfcast/product-database/publication';
import pg from 'pg';
import { inCaptureTransaction } from './capture-transaction.ts';
import type { TableName } from './table-name.ts';

/**
 * Makes tables that are captured ready to be read as a whole: what has their names now is published, granted, given its
 * replica identity, and recognized from now on. A table that does not exist is left as it is.
 *
 * @throws OperationError `TABLE_BUSY`, `NOT_OWNER`
 */
export async function recapture(
  products: Pick<pg.Pool, 'connect' | 'query'>,
  tables: readonly TableName[],
): Promise<void> {
  for (const table of tables) {
    if (!(await exists(products, table))) continue;
    await inCaptureTransaction(products, table, async (connection) => {
      await ensurePublication(connection);
      await captureWhole(connection, table);
    });
  }
}

/** As a table that has changes of its own. */
async function exists(db: Queryable, { schema, table }: TableName): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from pg_class where oid = to_regclass($1) and relkind = 'r'",
    [`${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`],
  );
  return rowCount !== 0;
}
