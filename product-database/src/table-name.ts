import type { CapturedTable } from './captured-tables.ts';

/** A table by schema and name, as the catalog has them. */
export type TableName = Pick<CapturedTable, 'schema' | 'table'>;

/** Characters that a name may hold only between quotes. Letters keep their case without them. */
const QUOTED = '\\t-\\r ,."\'*';
const NEEDS_QUOTES = new RegExp(`[${QUOTED}]`);

/** `schema.table`, as people write it: with SQL's quotes where a name has spaces, dots, commas, quotes or asterisks. */
export function formatTableName({ schema, table }: TableName): string {
  return [schema, table].map(quotedIfNeeded).join('.');
}

function quotedIfNeeded(name: string): string {
  return NEEDS_QUOTES.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** `formatTableName` as an SQL expression of two expressions. */
export function tableNameSql(schema: string, table: string): string {
  const part = (name: string) =>
    `case when ${name} ~ '[${QUOTED.replaceAll("'", "''")}]' then '"' || replace(${name}::text, '"', '""') || '"' else ${name}::text end`;
  return `(${part(schema)} || '.' || ${part(table)})`;
}
