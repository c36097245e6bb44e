import type pg from 'pg';
import { explainDatabaseError } from './database-error.ts';
import type { TableName } from './table-name.ts';

/**
 * Does the database's part of capturing a table, all or nothing.
 *
 * @throws OperationError `TABLE_BUSY`, `NOT_OWNER`
 */
export async function inCaptureTransaction<T>(
  products: Pick<pg.Pool, 'connect'>,
  table: TableName,
  work: (connection: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const connection = await products.connect();
  try {
    await connection.query('begin');
    // These statements lock the table for a moment: rather fail than queue everybody behind a long transaction.
    await connection.query("set local lock_timeout = '5s'");
    const result = await work(connection);
    await connection.query('commit');
    return result;
  } catch (error) {
    await connection.query('rollback').catch(() => undefined);
    throw explainDatabaseError(error, table);
  } finally {
    connection.release();
  }
}
