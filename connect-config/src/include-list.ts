import type { TableName } from './table-name.ts';

/** The property that decides which tables the connector carries. */
export const INCLUDE_LIST = 'table.include.list';

/**
 * A table as an entry of the include list: a regular expression for exactly its name. Debezium compiles entries so that
 * case is ignored, and a table whose name differs only by case would be carried to a topic that nothing declares.
 */
export function includePattern(table: TableName): string {
  return `(?-i:${tablePattern(table)})`;
}

/** `schema.table` as Debezium's signals want it: a regular expression. */
export function tablePattern({ schema, table }: TableName): string {
  return `${escapePattern(schema)}\\.${escapePattern(table)}`;
}

/** Makes text match itself. */
export function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The entries of a connector's include list. */
export function includeEntries(config: Readonly<Record<string, string>>): string[] {
  return (config[INCLUDE_LIST] ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
}

/** Whether Debezium would carry the table because of this entry. Java's patterns, as far as JavaScript has them. */
export function includes(entry: string, { schema, table }: TableName): boolean {
  const exact = /^\(\?-i:(.*)\)$/.exec(entry)?.[1];
  try {
    return new RegExp(`^(?:${exact ?? entry})$`, exact === undefined ? 'i' : '').test(
      `${schema}.${table}`,
    );
  } catch {
    return false;
  }
}

/** An entry as people write the table that it stands for. */
export function readableEntry(entry: string): string {
  return entry.replace(/^\(\?-i:(.*)\)$/, '$1').replaceAll('\\', '');
}
