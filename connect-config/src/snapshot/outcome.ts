import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { OperationError } from '../connect-error.ts';
import { quotedName } from '../key-check/key-columns.ts';
import { formatTableName, type TableName, tableArgument } from '../table-name.ts';

/** How a snapshot of a table ended, as Debezium sees it. */
export type ReadOutcome = { readonly isRead: true } | ReadFailure;

export interface ReadFailure {
  readonly isRead: false;
  /** Debezium's word. */
  readonly status: string;
  /** The database's words, where there are any. */
  readonly reason: string;
}

/** The next attempt may find it otherwise. */
const TRANSIENT =
  /lock timeout|was dropped or changed while|deadlock detected|connection|terminating|canceling statement/i;

export function isTransient({ reason }: ReadFailure): boolean {
  return TRANSIENT.test(reason);
}

/** Why a table was not read, as an error for people. */
export async function explainRead(
  db: Queryable,
  { table, outcome }: { readonly table: TableName; readonly outcome: ReadFailure },
): Promise<OperationError> {
  const name = formatTableName(table);
  const { status, reason } = outcome;
  const again = `make connector-snapshot ${tableArgument(name)}`;
  const { rows } = await db.query<{ oid: string | null }>('select to_regclass($1)::oid as oid', [
    quotedName(table),
  ]);
  if (rows[0]?.oid == null) {
    return failure(`${name} was dropped or renamed while it was read.`);
  }
  if (/permission denied/i.test(reason)) {
    return failure(
      `${name} was not read: ${reason}. make connector-add-table ${tableArgument(name)} grants what is missing and reads it.`,
    );
  }
  if (/lock timeout/i.test(reason)) {
    return failure(
      `${name} was not read, because another session keeps it locked (select * from pg_locks where relation = '${name}'::regclass). When it has ended: ${again}.`,
    );
  }
  return failure(`${name} was not read whole: ${status}, ${reason}. ${again} reads it again.`);

  function failure(message: string): OperationError {
    return new OperationError('NOT_READ', message, { retriable: true });
  }
}
