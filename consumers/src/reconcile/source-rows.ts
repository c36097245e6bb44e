import { quotedName } from '@shelfcast/connect-config/key-check/key-columns';
import {
  inCanonicalSession,
  readInKeyOrder,
} from '@shelfcast/connect-config/key-check/source-keys';
import { isDataError } from '@shelfcast/service-kit/postgres/errors';
import pg, { type Pool } from 'pg';
import { z } from 'zod';
import { digestSql } from './canonical.ts';
import type { ComparedTable } from './plan.ts';

/** A row of the source, as far as comparing goes. */
export interface SourceRow {
  /** As `Change.key` has it. */
  readonly key: string;
  /** The transaction that made this version of the row. */
  readonly version: string;
  readonly digest: string;
}

/** The rows of the source table, in batches in the order of its key; as `readSourceKeys`. */
export async function* readSourceRows(
  products: Pool,
  table: ComparedTable,
  batchKeys: number,
): AsyncGenerator<SourceRow[]> {
  const rows = readInKeyOrder({
    ...{ products, batchKeys },
    table: table.source,
    columns: table.keyColumns,
    values: comparedValues(table),
  });
  for await (const batch of rows) yield batch.map(rowOf);
}

/** The rows that there are of these keys, by key. */
export async function findSourceRows(
  products: Pool,
  table: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, SourceRow>> {
  const rows = await findRows(products, table, keys, comparedValues(table));
  return new Map(rows.map(rowOf).map((row) => [row.key, row]));
}

/** Digests of the compared columns' values, by key. */
export async function sourceValues(
  products: Pool,
  table: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, readonly (string | null)[]>> {
  const rows = await findRows(products, table, keys, columnDigestsSql(table));
  return new Map(rows.map((row) => [keyOf(row.parts), row.values]));
}

/** The texts of the keys' columns; a text that is no key of the table is left out. */
export function partsOfKeys(
  { keyColumns }: ComparedTable,
  keys: readonly string[],
): (readonly string[])[] {
  if (keyColumns.length === 1) return keys.map((key) => [key]);
  const parts = z.array(z.string()).length(keyColumns.length);
  return keys.flatMap((key) => {
    try {
      return [parts.parse(JSON.parse(key))];
    } catch {
      return [];
    }
  });
}

/** SQL of a column of the row `t`. */
function columnSql(name: string): string {
  return `t.${pg.escapeIdentifier(name)}`;
}

/** SQL of the digest of the row `t`. */
export function rowDigestSql({ columns }: ComparedTable): string {
  return digestSql(columns.map(({ canonical, name }) => canonical(columnSql(name))));
}

/** SQL of the digest of each compared column of the row `t`. */
export function columnDigestsSql({ columns }: Pick<ComparedTable, 'columns'>): string[] {
  return columns.map(({ canonical, name }) => digestSql([canonical(columnSql(name))]));
}

function comparedValues(table: ComparedTable): string[] {
  return ['t.xmin::text', rowDigestSql(table)];
}

interface FoundRow {
  readonly parts: readonly string[];
  readonly values: readonly (string | null)[];
}

async function findRows(
  products: Pool,
  table: ComparedTable,
  keys: readonly string[],
  values: readonly string[],
): Promise<FoundRow[]> {
  const { keyColumns: columns, source } = table;
  const wanted = partsOfKeys(table, keys);
  if (wanted.length === 0) return [];
  const names = columns.map(({ name }) => columnSql(name));
  const lists = columns.map((_, at) => `$${at + 1}::text[]`);
  const parts = columns.map((_, at) => `p${at}`);
  try {
    return await inCanonicalSession({ products, columns }, async (session) => {
      const { rows } = await session.query<FoundRow>(
        `select array[${names.map((name) => `${name}::text`).join(', ')}] as parts,
                array[${values.join(', ')}]::text[] as values
         from unnest(${lists.join(', ')}) as k(${parts.join(', ')})
         join ${quotedName(source)} as t
           on ${columns.map(({ type }, at) => `${names[at]} = k.${parts[at]}::${type}`).join(' and ')}`,
        columns.map((_, at) => wanted.map((key) => key[at])),
      );
      return rows;
    });
  } catch (error) {
    if (!isDataError(error)) throw error;
    // A key of the read model that is no value of the column's type: the source does not have it.
    if (keys.length === 1) return [];
    const half = Math.ceil(keys.length / 2);
    const first = await findRows(products, table, keys.slice(0, half), values);
    return [...first, ...(await findRows(products, table, keys.slice(half), values))];
  }
}

function rowOf({ parts, values: [version, digest] }: FoundRow): SourceRow {
  return { key: keyOf(parts), version: String(version), digest: String(digest) };
}

/** As `Change.key` is made. */
function keyOf(parts: readonly string[]): string {
  return parts.length === 1 ? String(parts[0]) : JSON.stringify(parts);
}
