import { canonicalSession } from '@shelfcast/connect-config/key-check/canonical-key';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { ClientBase, Pool } from 'pg';
import type { ComparedTable } from './plan.ts';
import { columnDigestsSql, rowDigestSql } from './source-rows.ts';

/** What a consumer knows of a key. */
export interface ModelRow {
  readonly key: string;
  /** Null: there is no row. */
  readonly digest: string | null;
  /** Of the newest applied change; null: none was. */
  readonly position: string | null;
  /** Whether that change deleted the key. */
  readonly isDeleted: boolean;
  readonly isParked: boolean;
  /** Columns with computed values that the rest of the read model does not give. */
  readonly wrong: readonly string[];
}

/** Rows and positions of these keys, by key: of each key one, also where there is no row. */
export async function findModelRows(
  consumers: Pool,
  table: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, ModelRow>> {
  const { consumer, entity, model, computed } = table;
  return await reading(consumers, async (tx) => {
    const { rows } = await tx.query<Omit<ModelRow, 'wrong'>>(
      `select k.key, case when t.${model.key} is not null then ${rowDigestSql(table)} end as digest,
              g.position, coalesce(g.deleted, false) as "isDeleted", coalesce(g.parked, false) as "isParked"
       from unnest($1::text[]) as k(key)
       left join ${model.table} as t on t.${model.key} = k.key
       left join runtime.guards as g on g.key = k.key and g.consumer = $2 and g.entity = $3`,
      [keys, consumer, entity],
    );
    const present = rows.filter(({ digest }) => digest !== null).map(({ key }) => key);
    const wrong =
      computed === undefined || present.length === 0
        ? undefined
        : await computed(present, { tx, schema: consumer, nowMs: Date.now() });
    return new Map(rows.map((row) => [row.key, { ...row, wrong: wrong?.get(row.key) ?? [] }]));
  });
}

/** Digests of the compared columns' values, by key. */
export async function modelValues(
  consumers: Pool,
  { columns, model }: ComparedTable,
  keys: readonly string[],
): Promise<Map<string, readonly (string | null)[]>> {
  const values = columnDigestsSql({ columns });
  return await reading(consumers, async (tx) => {
    const { rows } = await tx.query<{ key: string; values: (string | null)[] }>(
      `select t.${model.key} as key, array[${values.join(', ')}]::text[] as values
       from ${model.table} as t where t.${model.key} = any($1)`,
      [keys],
    );
    return new Map(rows.map((row) => [row.key, row.values]));
  });
}

/** All keys of the read model's table, in batches in the order of its index. Each batch is one short transaction. */
export async function* readModelKeys(
  consumers: Pool,
  { model, isKeyIndexed }: ComparedTable,
  batchKeys: number,
): AsyncGenerator<string[]> {
  const order = (value: string) => (isKeyIndexed ? value : `runtime.bounded(${value})`);
  const column = `t.${model.key}`;
  let after: string | null = null;
  for (;;) {
    const keys: string[] = await reading(consumers, async (tx) => {
      const { rows } = await tx.query<{ key: string }>(
        `select ${column} as key from ${model.table} as t ${after === null ? '' : `where ${order(column)} > ${order('$1')}`}
         order by ${order(column)} limit ${batchKeys}`,
        after === null ? [] : [after],
      );
      return rows.map(({ key }) => key);
    });
    if (keys.length > 0) yield keys;
    after = keys.at(-1) ?? null;
    if (after === null || keys.length < batchKeys) return;
  }
}

async function reading<T>(consumers: Pool, work: (tx: ClientBase) => Promise<T>): Promise<T> {
  return await inTransaction(consumers, async (tx) => {
    await tx.query(
      `set transaction isolation level repeatable read, read only; ${canonicalSession([])}`,
    );
    return await work(tx);
  });
}
