import { formatTableName, type TableName } from '@shelfcast/product-database/table-name';

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

/**
 * Makes text match itself, in JavaScript and in Java. A comma would end the entry of a list, and Connect trims spaces and
 * control characters at the ends: those are written by their numbers.
 */
export function escapePattern(text: string): string {
  return text
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll(
      /[\p{White_Space}\p{Control},]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
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

/** The table that an entry of `includePattern` stands for; undefined of any other. A schema's name has no dot. */
export function tableOfEntry(entry: string): TableName | undefined {
  const [, schema, table] = /^\(\?-i:((?:\\[^.]|[^\\])*)\\\.(.*)\)$/s.exec(entry) ?? [];
  return schema === undefined || table === undefined
    ? undefined
    : { schema: unescaped(schema), table: unescaped(table) };
}

/** An entry as people write the table that it stands for. */
export function readableEntry(entry: string): string {
  const table = tableOfEntry(entry);
  return table === undefined ? unescaped(entry) : formatTableName(table);
}

function unescaped(pattern: string): string {
  return pattern.replaceAll(/\\(?:u([0-9a-f]{4})|(.))/g, (_, code: string, literal: string) =>
    code === undefined ? literal : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
