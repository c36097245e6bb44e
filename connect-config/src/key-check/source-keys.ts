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
export async function* readSourceKeys(options: ReadSourceKeysOptions): AsyncGenerator<SourceKey[]> {
  const canonical = options.columns.map((column) => canonicalSql(column, columnOf(column)));
  for await (const rows of readInKeyOrder({ ...options, values: canonical })) {
    yield rows.map(({ parts, values }) => ({
      key: joinKey(values.map(String)),
      text: parts.join(', '),
    }));
  }
}

/** A row, by its key's columns as psql shows them. */
export interface SourceRow {
  readonly parts: readonly string[];
  /** As text, of the expressions asked for. */
  readonly values: readonly (string | null)[];
}

/** As `readSourceKeys`, with the values of SQL expressions over the row `t`. */
export async function* readInKeyOrder({
  products,
  table,
  columns,
  values: expressions,
  batchKeys = BATCH_KEYS,
}: ReadSourceKeysOptions & { readonly values: readonly string[] }): AsyncGenerator<SourceRow[]> {
  const names = columns.map(columnOf);
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
    `select array[${texts.join(', ')}] as parts, array[${expressions.join(', ')}]::text[] as values
     from ${quotedName(table)} as t ${condition} order by ${names.join(', ')} limit ${batchKeys}`;

  let last: readonly string[] | undefined;
  for (;;) {
    const rows: SourceRow[] = await inCanonicalSession({ products, columns }, (session) =>
      session
        .query<SourceRow>(
          select(last === undefined ? '' : after),
          last === undefined ? [] : [...last],
        )
        .then((result) => result.rows),
    );
    if (rows.length > 0) yield rows;
    last = rows.at(-1)?.parts;
    if (last === undefined || rows.length < batchKeys) return;
  }
}

function columnOf({ name }: KeyColumn): string {
  return `t.${pg.escapeIdentifier(name)}`;
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
