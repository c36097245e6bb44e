import pg from 'pg';
import { problem } from './finding.ts';
import type { TableFacts } from './read-tables.ts';
import type { SourceFinding } from './source-finding.ts';
import { addTable, removeTable, resyncTable, sqlOnProducts } from './words.ts';

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
    ...(isAnother(table) ? [another(table)] : checkKey(table)),
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
  const says =
    movedTo === undefined
      ? `${name} was dropped and made again since it was captured: what changed in it until now is missing, and rows that are gone are still in the read models.`
      : `${name} was swapped: what was captured under this name is ${movedTo} now. Rows of the new table are missing, and rows that only the old one had are still in the read models.`;
  return problem('table-identity', says, resyncTable(name), { subject: name, readAgain: 'table' });
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
  if (before == null || before.constraint === now.constraint) return [];
  const isSame = before.columns.join() === now.columns.join();
  const says = isSame
    ? `The primary key of ${name} was dropped and made again: changes in between had no key.`
    : `The primary key of ${name} is (${now.columns.join(', ')}), and was (${before.columns.join(', ')}) when it was captured: rows are in the read models under keys that are gone.`;
  return [problem('key', says, resyncTable(name), about)];
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
