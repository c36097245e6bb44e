import pg from 'pg';
import { OperationError } from './connect-error.ts';
import { formatTableName, type TableName } from './table-name.ts';

const LOCK_NOT_AVAILABLE = '55P03';
const INSUFFICIENT_PRIVILEGE = '42501';

/** What Postgres refused of a statement about a table, with what to do; other errors as they are. */
export function explainDatabaseError(error: unknown, table: TableName): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  if (error.code === LOCK_NOT_AVAILABLE) {
    return new OperationError(
      'TABLE_BUSY',
      `${formatTableName(table)} is in use by a long transaction; nothing was changed. Try again when it has ended (select * from pg_stat_activity where state <> 'idle').`,
      { retriable: true, cause: error },
    );
  }
  if (error.code === INSUFFICIENT_PRIVILEGE) {
    return new OperationError(
      'NOT_OWNER',
      `The role of PRODUCTS_DATABASE_URL has to own ${formatTableName(table)} to publish it: ${error.message}.`,
      { cause: error },
    );
  }
  return error;
}
