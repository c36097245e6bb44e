import { cdcTopic } from '@shelfcast/schemas/topics';
import { causesOf } from './explain.ts';
import { fieldName } from './names.ts';
import { formatTableName, type TableName } from './table-name.ts';

/** A table whose changes the connector cannot carry, and so stops for all of them. */
export interface PoisonedTable {
  readonly table: TableName;
  /** In a sentence, for people. */
  readonly reason: string;
}

export interface PoisonOptions {
  /** Tables that the connector captures. */
  readonly captured: readonly TableName[];
  /** First part of their topics' names. */
  readonly prefix: string;
  /** Columns of a captured table now, by its name. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** An outage passes: it poisons no table, in any place where it is met. */
const OUTAGE =
  /RetriableException|I\/O error occurred|connection has been closed|ConnectException: Connection refused|Connection to .* refused|terminating connection|the database system is|SocketException|SocketTimeoutException|TimeoutException|AuthorizationException|AuthenticationException|NotAuthorized|Forbidden/i;

/** Messages that name the table, or its topic. */
const NAMED: readonly { readonly pattern: RegExp; readonly summary: string }[] = [
  {
    pattern: /Failed to properly convert data value for '"?(?<column>[^']+)'/,
    summary: 'it holds a value that cannot be carried',
  },
  {
    pattern: /Table '(?<table>.+)' has columns that differ only by case/,
    summary: 'its columns differ by case alone',
  },
  {
    pattern: /Snapshotting of table (?<table>\S+) failed/,
    summary: 'it cannot be read',
  },
  // Of our own plugin.
  {
    pattern: /A change of table '(?<table>[^']+)' cannot be carried/,
    summary: 'a change of it cannot be carried',
  },
  {
    pattern: /Records of topic (?<topic>\S+) cannot be carried/,
    summary: 'its records cannot be written',
  },
];

const DUPLICATE_FIELD = /Cannot create field because of field name duplication (\S+)/;

/**
 * The table at which a task failed, where that is certain: its message names it, or it is the only kind of table that can
 * have caused it. Of an outage, and of all that may concern several tables, undefined.
 *
 * @param trace of the failed task, as Kafka Connect gives it
 */
export function poisonedTable(
  trace: string,
  { captured, prefix, columns }: PoisonOptions,
): PoisonedTable | undefined {
  const messages = causesOf(trace);
  if (messages.some((message) => OUTAGE.test(message))) return undefined;
  for (const message of messages) {
    for (const { pattern, summary } of NAMED) {
      const named = pattern.exec(message)?.groups;
      const table = named && captured.find((one) => isNamed(one, named, prefix));
      if (table === undefined) continue;
      const cause = messages.at(-1) ?? '';
      const all = message.includes(cause) ? message : `${cause}; ${message}`;
      return { table, reason: `${summary}: ${short(all)}` };
    }
    const field = DUPLICATE_FIELD.exec(message)?.[1];
    const table =
      field === undefined ? undefined : captured.find((one) => hasTwice(columns, one, field));
    if (table !== undefined) return { table, reason: `two of its columns are one field: ${field}` };
  }
  return undefined;
}

function isNamed(
  table: TableName,
  { column, table: named, topic }: Readonly<Record<string, string | undefined>>,
  prefix: string,
): boolean {
  const plain = (text: string | undefined) => text?.replaceAll('"', '');
  const name = plain(`${table.schema}.${table.table}`);
  return (
    plain(column)?.startsWith(`${name}.`) === true ||
    plain(named) === name ||
    (topic !== undefined && topic === cdcTopic({ prefix, ...table }))
  );
}

function hasTwice(
  columns: ReadonlyMap<string, readonly string[]>,
  table: TableName,
  field: string,
): boolean {
  const all = columns.get(formatTableName(table)) ?? [];
  return all.filter((column) => column === field || fieldName(column) === field).length > 1;
}

const REASON_LENGTH = 300;

function short(message: string): string {
  return message.length > REASON_LENGTH ? `${message.slice(0, REASON_LENGTH)} …` : message;
}
