import { formatTableName, type TableName } from '@shelfcast/product-database/table-name';
import { OperationError } from './connect-error.ts';
import { escapePattern } from './include-list.ts';

export { formatTableName, type TableName };

/** What `TABLE=` names: a table, or by `*` all tables that fit. */
export interface TablePattern {
  /** As it was written. */
  readonly text: string;
  /** The table that it names; undefined of one with an asterisk. */
  readonly table: TableName | undefined;
  matches(table: TableName): boolean;
}

const HOW =
  'Give TABLE=name or TABLE=schema.name; a name with spaces, dots, commas, quotes or asterisks stands in double quotes as in SQL, and all of that in single quotes for the shell: TABLE=\'shop."Order Details"\'';

/** A name in quotes, with quotes in it doubled, or one that needs none. */
const PART = /"(?<quoted>(?:[^"]|"")+)"|(?<plain>[^\t-\r ,."']+)/y;

/**
 * Reads a list of tables and patterns: `crm.*`, `shop.orders, shop."Order Details"`. Without a schema it is `public`. Case
 * matters, quotes or not; an asterisk outside of quotes stands for any characters.
 *
 * @throws OperationError `BAD_TABLE`
 */
export function parseTableList(text: string): TablePattern[] {
  const patterns: TablePattern[] = [];
  for (let at = 0; ; at += 1) {
    const begin = skipSpace(text, at);
    const parts: Part[] = [];
    at = begin;
    for (;;) {
      const part = readPart(text, at);
      parts.push(part);
      at = part.end;
      if (text[at] !== '.') break;
      at += 1;
    }
    const [first, second] = parts;
    if (first === undefined || parts.length > 2) throw bad(text);
    const [schema, table] = second === undefined ? [PUBLIC, first] : [first, second];
    patterns.push(pattern(text.slice(begin, at), schema, table));
    at = skipSpace(text, at);
    if (at === text.length) return patterns;
    if (text[at] !== ',') throw bad(text);
  }
}

/**
 * Reads one table.
 *
 * @throws OperationError `BAD_TABLE`
 */
export function parseTableName(text: string): TableName {
  const [only, ...others] = parseTableList(text);
  if (only?.table === undefined || others.length > 0) {
    throw new OperationError('BAD_TABLE', `"${text}" is not the name of one table. ${HOW}`);
  }
  return only.table;
}

/** A table, or a list of tables as people write it, as the variable of a make target that a shell can read. */
export function tableArgument(table: TableName | string): string {
  const text = typeof table === 'string' ? table : formatTableName(table);
  const isPlain = /^[\p{L}\p{N}_.,-]+$/u.test(text);
  return isPlain ? `TABLE=${text}` : `TABLE='${text.replaceAll("'", "'\\''")}'`;
}

/** The table behind Debezium's `schema.table`, which has no quotes: the schema of a captured table has no dot. */
export function tableOfIdentifier(identifier: string): TableName {
  const dot = identifier.indexOf('.');
  return { schema: identifier.slice(0, Math.max(dot, 0)), table: identifier.slice(dot + 1) };
}

interface Part {
  readonly name: string;
  readonly isPattern: boolean;
  readonly end: number;
}

const PUBLIC: Part = { name: 'public', isPattern: false, end: 0 };

function readPart(text: string, at: number): Part {
  PART.lastIndex = at;
  const found = PART.exec(text)?.groups;
  if (found === undefined) throw bad(text);
  const { quoted, plain = '' } = found;
  return quoted === undefined
    ? { name: plain, isPattern: plain.includes('*'), end: PART.lastIndex }
    : { name: quoted.replaceAll('""', '"'), isPattern: false, end: PART.lastIndex };
}

function skipSpace(text: string, at: number): number {
  let end = at;
  while (/\s/.test(text[end] ?? '')) end += 1;
  return end;
}

function pattern(text: string, schema: Part, table: Part): TablePattern {
  const isPattern = schema.isPattern || table.isPattern;
  return {
    text,
    table: isPattern ? undefined : { schema: schema.name, table: table.name },
    matches: (one) => fits(schema, one.schema) && fits(table, one.table),
  };
}

function fits({ name, isPattern }: Part, candidate: string): boolean {
  if (!isPattern) return name === candidate;
  const expression = name.split('*').map(escapePattern).join('.*');
  return new RegExp(`^${expression}$`, 's').test(candidate);
}

function bad(text: string): OperationError {
  return new OperationError('BAD_TABLE', `"${text}" is not a list of tables. ${HOW}`);
}
