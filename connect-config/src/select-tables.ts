import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { OperationError } from './connect-error.ts';
import { SYSTEM_SCHEMAS } from './inspect-table.ts';
import { formatTableName, type TableName, type TablePattern } from './table-name.ts';

/** What a list of tables and patterns comes to. */
export interface SelectedTables {
  /** Each once, in the order of the list. */
  readonly tables: readonly TableName[];
  /** Those of them that the list names, and not only a pattern. */
  readonly named: ReadonlySet<string>;
  /** Partitioned tables that stand for their partitions. */
  readonly parents: readonly PartitionedTable[];
}

export interface PartitionedTable {
  readonly table: TableName;
  readonly partitions: readonly TableName[];
}

/**
 * The tables of a list, where candidates are given.
 *
 * @throws OperationError `NO_SUCH_TABLE` for a pattern that nothing fits
 */
export function selectFrom(
  patterns: readonly TablePattern[],
  candidates: readonly TableName[],
): Pick<SelectedTables, 'tables' | 'named'> {
  const tables = new Map<string, TableName>();
  const named = new Set<string>();
  for (const pattern of patterns) {
    const found =
      pattern.table === undefined ? candidates.filter(pattern.matches) : [pattern.table];
    if (found.length === 0) {
      throw new OperationError('NO_SUCH_TABLE', `No table fits ${pattern.text}.`);
    }
    for (const table of found) tables.set(formatTableName(table), table);
    if (pattern.table !== undefined) named.add(formatTableName(pattern.table));
  }
  return { tables: [...tables.values()], named };
}

/**
 * The tables of the products database that a list comes to. A partitioned table has no changes of its own: its partitions
 * stand in its place.
 *
 * @throws OperationError `NO_SUCH_TABLE`, `NO_PARTITIONS`
 */
export async function selectTables(
  db: Queryable,
  patterns: readonly TablePattern[],
): Promise<SelectedTables> {
  const { rows } = await db.query<TableName>(
    `select n.nspname as schema, c.relname as table from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and c.relpersistence <> 't' and n.nspname <> all ($1) and n.nspname !~ '^pg_'
     order by n.nspname collate "C", c.relname collate "C"`,
    [SYSTEM_SCHEMAS],
  );
  const { tables, named } = selectFrom(patterns, rows);
  const partitions = await readPartitions(db);
  const all = new Map<string, TableName>();
  const isNamed = new Set<string>();
  const parents: PartitionedTable[] = [];
  for (const table of tables) {
    const name = formatTableName(table);
    const leaves = partitions.get(name);
    if (leaves !== undefined) parents.push({ table, partitions: leaves });
    if (leaves?.length === 0) {
      throw new OperationError(
        'NO_PARTITIONS',
        `${name} is a partitioned table without partitions, so it has no changes of its own: add it once it has some. Nothing was changed.`,
      );
    }
    for (const one of leaves ?? [table]) {
      all.set(formatTableName(one), one);
      if (named.has(name)) isNamed.add(formatTableName(one));
    }
  }
  return { tables: [...all.values()], named: isNamed, parents };
}

/** The partitions that hold rows, of each partitioned table. */
async function readPartitions(db: Queryable): Promise<Map<string, TableName[]>> {
  const { rows } = await db.query<TableName & { root_schema: string; root_table: string }>(
    `select pn.nspname as root_schema, p.relname as root_table, ln.nspname as schema, l.relname as table
     from pg_class p join pg_namespace pn on pn.oid = p.relnamespace
     left join pg_partition_tree(p.oid) as tree on tree.isleaf and tree.relid <> p.oid
     left join pg_class l on l.oid = tree.relid left join pg_namespace ln on ln.oid = l.relnamespace
     where p.relkind = 'p' order by 1, 2, 3, 4`,
  );
  const partitions = new Map<string, TableName[]>();
  for (const { root_schema, root_table, schema, table } of rows) {
    const name = formatTableName({ schema: root_schema, table: root_table });
    const leaves = partitions.get(name) ?? [];
    if (table !== null) leaves.push({ schema, table });
    partitions.set(name, leaves);
  }
  return partitions;
}
