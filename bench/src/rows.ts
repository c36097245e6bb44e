import { eventually } from '@shelfcast/service-kit/eventually';
import type { Pool } from 'pg';

/** Keys of the rows that the benchmark edits; no other keys begin like that. */
export const KEY_PREFIX = 'BENCH-';

/**
 * Makes sure of `count` products to edit, copies of the example catalogue, and waits until the
 * catalogue has them all and Postgres knows how many they are.
 * @returns their keys
 */
export async function prepareRows(
  { products, consumers }: { products: Pool; consumers: Pool },
  count: number,
): Promise<string[]> {
  await products.query(
    `insert into public.products
       (product_id, name, description, category, brand, price, currency, stock_quantity, weight_kg, dimensions, attributes)
     select $1 || lpad(n::text, 6, '0'), name, description, category, brand, price, currency, stock_quantity,
            weight_kg, dimensions, attributes
     from generate_series(1, $2::int) as n
     join (select *, row_number() over (order by product_id) as nr, count(*) over () as total
           from public.products where not starts_with(product_id, $1)) as example
       on example.nr = n % example.total + 1
     on conflict do nothing`,
    [KEY_PREFIX, count],
  );
  await awaitSame({ products, consumers }, 120_000);
  // Until then statements are planned for the few rows that there were, and read them all; autovacuum comes by once a minute.
  await consumers.query('analyze');
  const { rows } = await products.query<{ key: string }>(
    `select product_id as key from public.products where starts_with(product_id, $1)
     order by product_id limit $2`,
    [KEY_PREFIX, count],
  );
  return rows.map((row) => row.key);
}

/** Waits until the benchmark's rows are the same in the catalogue: nothing was lost on the way. */
export async function awaitSame(
  { products, consumers }: { products: Pool; consumers: Pool },
  timeoutMs: number,
): Promise<void> {
  const digest = (table: string) =>
    `select count(*) as rows, md5(string_agg(product_id || ' ' || stock_quantity, ',' order by product_id collate "C")) as digest
     from ${table} where starts_with(product_id, $1)`;
  await eventually(
    async () => {
      const [source, model] = await Promise.all([
        products.query<{ rows: bigint; digest: string }>(digest('public.products'), [KEY_PREFIX]),
        consumers.query<{ rows: bigint; digest: string }>(digest('catalogue.products'), [
          KEY_PREFIX,
        ]),
      ]);
      const [has, hasNot] = [source.rows[0], model.rows[0]];
      if (has?.digest === hasNot?.digest) return;
      throw new Error(`${hasNot?.rows} of ${has?.rows} rows, digest ${hasNot?.digest}`);
    },
    { what: "the catalogue to have the source's rows", timeoutMs, intervalMs: 250 },
  );
}

/** Takes the benchmark's rows away again. */
export async function removeRows(products: Pool): Promise<void> {
  await products.query('delete from public.products where starts_with(product_id, $1)', [
    KEY_PREFIX,
  ]);
}
