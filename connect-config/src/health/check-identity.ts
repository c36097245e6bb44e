import type { ColumnIdentity } from '@shelfcast/product-database/table-identity';
import { problem } from '@shelfcast/service-kit/finding';
import pg from 'pg';
import type { TableFacts } from './read-tables.ts';
import { addTable, removeTable, resyncTable, sqlOnProducts } from './remedies.ts';
import type { SourceFinding } from './source-finding.ts';

/**
 * Whether a captured table is the one that was captured. Postgres knows tables by oid and Debezium by name, so a table that
 * was made again, renamed or swapped is captured no longer, or begins somewhere in its middle.
 */
export function checkIdentity(tables: readonly TableFacts[]): SourceFinding[] {
  return tables.flatMap(checkTable);
}

/** Whether the table of this name is another than the one that was captured. */
export function isAnother({ remembered, current }: TableFacts): boolean {
  return remembered !== undefined && current !== undefined && remembered.oid !== current.oid;
}

function checkTable(table: TableFacts): SourceFinding[] {
  const { name, sqlName, kind, logged, children } = table;
  if (!table.exists) return [missing(table)];
  if (kind !== 'r') return [notATable(table)];
  return [
    ...(isAnother(table) ? [another(table)] : [...checkKey(table), ...checkColumns(table)]),
    ...(logged ? [] : [unlogged(name, sqlName)]),
    ...children.map((child) => inherits(table, child)),
    ...(table.current?.columns.some((column) => column.name === table.routingColumn) === false
      ? [noRoutingColumn(table)]
      : []),
  ];
}

function missing({ name, movedTo }: TableFacts): SourceFinding {
  if (movedTo === undefined) {
    return problem(
      'captured-tables',
      `${name} is captured but does not exist: it was dropped.`,
      removeTable(name),
      { subject: name },
    );
  }
  return problem(
    'captured-tables',
    `${name} is captured but was renamed to ${movedTo}: its changes since then are dropped.`,
    `${removeTable(name)} && ${addTable(movedTo)}`,
    { subject: name },
  );
}

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  p: 'a partitioned table',
};

function notATable({ name, kind }: TableFacts): SourceFinding {
  return problem(
    'captured-tables',
    `${name} is captured but is ${KINDS[kind] ?? 'no plain table'} now, which has no changes of its own.`,
    removeTable(name),
    { subject: name },
  );
}

function another({ name, movedTo }: TableFacts): SourceFinding {
  const summary =
    movedTo === undefined
      ? `${name} was dropped and made again since it was captured: what changed in it until now is missing, and rows that are gone are still in the read models.`
      : `${name} was swapped: what was captured under this name is ${movedTo} now. Rows of the new table are missing, and rows that only the old one had are still in the read models.`;
  return problem('table-identity', summary, resyncTable(name), {
    subject: name,
    readAgain: 'table',
  });
}

function checkKey({ name, sqlName, remembered, current }: TableFacts): SourceFinding[] {
  const [before, now] = [remembered?.key, current?.key];
  const about = { subject: name, readAgain: 'table' } as const;
  if (now == null) {
    const columns = current?.columns.map((column) => column.name) ?? [];
    const wanted = before?.columns.every((column) => columns.includes(column))
      ? before.columns.map(pg.escapeIdentifier).join(', ')
      : undefined;
    return [
      problem(
        'key',
        `${name} has no primary key: its changes have no key, and consumers cannot apply them.`,
        wanted === undefined
          ? removeTable(name)
          : `${sqlOnProducts(`alter table ${sqlName} add primary key (${wanted})`)} && ${resyncTable(name)}`,
        about,
      ),
    ];
  }
  if (now.deferrable) {
    return [
      problem(
        'key',
        `The primary key of ${name} is deferrable: rows may hold the same key for a while, so the order of their changes does not tell which of them has it in the end.`,
        `${sqlOnProducts(`alter table ${sqlName} ${withoutDeferral(now)}`)} && ${resyncTable(name)}`,
        about,
      ),
    ];
  }
  if (before == null || before.constraint === now.constraint) return [];
  const isSame = before.columns.join() === now.columns.join();
  const summary = isSame
    ? `The primary key of ${name} was dropped and made again: changes in between had no key.`
    : `The primary key of ${name} is (${now.columns.join(', ')}), and was (${before.columns.join(', ')}) when it was captured: rows are in the read models under keys that are gone.`;
  return [problem('key', summary, resyncTable(name), about)];
}

/** What makes a deferrable key one that is always kept, as the end of an `alter table`. No foreign key refers to one. */
export function withoutDeferral({
  name,
  columns,
}: {
  readonly name: string;
  readonly columns: readonly string[];
}): string {
  const key = pg.escapeIdentifier(name);
  return `drop constraint ${key}, add constraint ${key} primary key (${columns.map(pg.escapeIdentifier).join(', ')})`;
}

/**
 * Columns whose values were written over without a change in the stream: Postgres does so when it gives a column another
 * type, and a column that is made again begins with its default.
 */
function checkColumns({ name, remembered, current }: TableFacts): SourceFinding[] {
  const now = current?.columns ?? [];
  return (remembered?.columns ?? []).flatMap((before) => {
    const reason = overwritten(before, now);
    if (reason === undefined) return [];
    const summary = `Column ${before.name} of ${name} ${reason}: rows have other values in it, which came without a change.`;
    return [problem('column', summary, resyncTable(name), { subject: name, readAgain: 'table' })];
  });
}

function overwritten(before: ColumnIdentity, now: readonly ColumnIdentity[]): string | undefined {
  const named = now.find((column) => column.name === before.name);
  if (named !== undefined && named.number !== before.number) {
    return 'was dropped and made again, or another one was given its name';
  }
  const same = now.find((column) => column.number === before.number);
  if (same === undefined) return undefined;
  if (!keepsText(before.type, same.type)) return `was ${before.type} and is ${same.type}`;
  if (before.expression != null && same.generated !== '' && before.expression !== same.expression) {
    return 'is generated by another expression';
  }
  const renamed = Object.entries(before.labels ?? {}).some(
    ([oid, label]) => same.labels?.[oid] !== undefined && same.labels[oid] !== label,
  );
  return renamed ? `is of type ${same.type}, of which a value was renamed` : undefined;
}

const CHARACTERS = /^(text|character varying(\(\d+\))?)$/;
const INTEGERS = ['smallint', 'integer', 'bigint'];

/** Whether values of the one type have the same text as the other. */
function keepsText(before: string, now: string): boolean {
  if (before === now) return true;
  if (CHARACTERS.test(before) && CHARACTERS.test(now)) return true;
  return INTEGERS.includes(before) && INTEGERS.indexOf(before) < INTEGERS.indexOf(now);
}

function unlogged(name: string, sqlName: string): SourceFinding {
  return problem(
    'persistence',
    `${name} is unlogged: its changes are not in the WAL.`,
    `${sqlOnProducts(`alter table ${sqlName} set logged`)} && ${resyncTable(name)}`,
    { subject: name, readAgain: 'table' },
  );
}

function inherits({ name, sqlName }: TableFacts, child: string): SourceFinding {
  return problem(
    'inheritance',
    `${child} inherits from ${name}: snapshots read its rows as rows of ${name}, and their changes do not come as such.`,
    `${sqlOnProducts(`alter table ${child} no inherit ${sqlName}`)} && ${resyncTable(name)}`,
    { subject: name, readAgain: 'table' },
  );
}

function noRoutingColumn({ name, routingColumn }: TableFacts): SourceFinding {
  return problem(
    'routing-column',
    `${name} has no column ${routingColumn} any more, which decides the partition of its changes: their order is lost.`,
    resyncTable(name),
    { subject: name, readAgain: 'table' },
  );
}
