import type { CapturedTable } from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';

/** A table by schema and name. */
export type TableName = Pick<CapturedTable, 'schema' | 'table'>;

/**
 * Reads `table` or `schema.table`; without a schema it is `public`.
 *
 * @throws OperationError `BAD_TABLE`, also for names that Debezium's comma-separated lists cannot carry
 */
export function parseTableName(text: string): TableName {
  const parts = text.split('.');
  const [schema, table] = parts.length === 1 ? ['public', parts[0]] : parts;
  const isName = (name: string | undefined) => name !== undefined && /^[^\s,"'.]+$/.test(name);
  if (
    parts.length > 2 ||
    schema === undefined ||
    table === undefined ||
    !isName(schema) ||
    !isName(table)
  ) {
    throw new OperationError(
      'BAD_TABLE',
      `"${text}" is not the name of a table: give TABLE=name or TABLE=schema.name, without spaces, quotes or commas.`,
    );
  }
  return { schema, table };
}

/** `schema.table`, as people write it. */
export function formatTableName({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}
