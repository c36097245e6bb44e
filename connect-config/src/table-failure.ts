import type { OperationError } from './connect-error.ts';
import type { TableName } from './table-name.ts';

/** A table for which something was not done, and why; the others go on. */
export interface TableFailure {
  readonly table: TableName;
  readonly error: OperationError;
}
