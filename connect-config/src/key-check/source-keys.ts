import pg from 'pg';
import type { TableName } from '../table-name.ts';
import { canonicalSession, canonicalSql, joinKey } from './canonical-key.ts';
import { type KeyColumn, quotedName } from './key-columns.ts';

export interface SourceKey {
  /** Canonical form. */
  readonly key: string;
  /** The key as psql shows it, the columns separated by commas. */
  readonly text: string;
}

export interface ReadSourceKeysOptions {
  readonly products: pg.Pool;
  readonly table: TableName;
  readonly columns: readonly KeyColumn[];
  /** Keys of one statement (default 20,000). */
  readonly batchKeys?: number;
}

const BATCH_KEYS = 20_000;

/**
 * All keys of a table, in batches in the order of its primary key. Each batch is one short transaction, so neither a lock
 * nor an old row version is kept: a key that is there all the while comes once, others may or may not.
 *
 * Row security is off: where a policy would hide rows the query fails.
 */
export async function* readSourceKeys({
  products,
  table,
  columns,
  batchKeys = BATCH_KEYS,
}: ReadSourceKeysOptions): AsyncGenerator<SourceKey[]> {
  const names = columns.map(({ name }) => `t.${pg.escapeIdentifier(name)}`);
  const canonical = columns.map((column, index) => canonicalSql(column, names[index] ?? ''));
  const texts = names.map((name) => `${name}::text`);
  const values = columns.map(({ type }, index) => `$${index + 1}::text::${type}`);
  const pairs = columns.map(({ ordered }, index) => ({
    name: comparable(names[index] ?? '', ordered),
    value: comparable(values[index] ?? '', ordered),
  }));
  const after = columns.every(({ ordered }) => ordered)
    ? `where (${names.join(', ')}) > (${values.join(', ')})`
    : `where ${isAfter(pairs)}`;
  const select = (condition: string) =>
    `select array[${canonical.join(', ')}] as canonical, array[${texts.join(', ')}] as texts
     from ${quotedName(table)} as t ${condition} order by ${names.join(', ')} limit ${batchKeys}`;

  let last: readonly string[] | undefined;
  for (;;) {
    const rows: Row[] = await inCanonicalSession({ products, columns }, (session) =>
      session
        .query<Row>(select(last === undefined ? '' : after), last === undefined ? [] : [...last])
        .then((result) => result.rows),
    );
    if (rows.length > 0) {
      yield rows.map((row) => ({ key: joinKey(row.canonical), text: row.texts.join(', ') }));
    }
    last = rows.at(-1)?.texts;
    if (last === undefined || rows.length < batchKeys) return;
  }
}

/** Arrays go by the order of their elements' indexes, by operators of any name; but no index finds them. */
function comparable(expression: string, ordered: boolean): string {
  return ordered ? expression : `array[${expression}]`;
}

/** `(a > x or a = x and (b > y))` */
function isAfter([first, ...others]: readonly { name: string; value: string }[]): string {
  if (first === undefined) return 'false';
  const { name, value } = first;
  const more = others.length === 0 ? '' : ` or ${name} = ${value} and ${isAfter(others)}`;
  return `(${name} > ${value}${more})`;
}

interface Row {
  readonly canonical: readonly string[];
  readonly texts: readonly string[];
}

/** Runs one query under the settings that canonical forms need. */
export async function inCanonicalSession<T>(
  { products, columns }: Pick<ReadSourceKeysOptions, 'products' | 'columns'>,
  work: (session: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const session = await products.connect();
  let failure: unknown;
  try {
    await session.query(`begin read only; ${canonicalSession(columns)}`);
    const result = await work(session);
    await session.query('commit');
    return result;
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    if (failure !== undefined) await session.query('rollback').catch(() => undefined);
    session.release();
  }
}
