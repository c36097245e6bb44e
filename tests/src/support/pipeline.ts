import { eventually } from '@shelfcast/service-kit/eventually';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import * as assert from 'uvu/assert';
import { fromEnvironment } from './environment.ts';

/** Both ends of the pipeline: the source and the catalogue's read model. */
export interface Pipeline {
  readonly products: Pool;
  readonly consumers: Pool;
  close(): Promise<void>;
}

/** The pipeline of the stack that all end-to-end files share. */
export function connectPipeline(): Pipeline {
  return openPipeline(
    fromEnvironment('PRODUCTS_DATABASE_URL'),
    fromEnvironment('CONSUMERS_DATABASE_URL'),
  );
}

export function openPipeline(productsUrl: string, consumersUrl: string): Pipeline {
  const pool = (url: string) =>
    createPool({ url, max: 4, applicationName: 'test', pipeline: false, log: silentLogger() });
  const products = pool(productsUrl);
  const consumers = pool(consumersUrl);
  return {
    products,
    consumers,
    close: async () => {
      await products.end();
      await consumers.end();
    },
  };
}

/** What the catalogue mirrors of each table, in words that both databases understand. */
const MIRRORED = {
  products: `product_id, name, description, category, brand, price::text, currency::text,
    stock_quantity::text, weight_kg::text, dimensions, attributes::text,
    extract(epoch from updated_at)::text as updated_at`,
  product_discounts: `discount_id, product_id, discount_type, discount_percentage::text,
    extract(epoch from start_date)::text as start_date, extract(epoch from end_date)::text as end_date,
    minimum_quantity::text, maximum_discount::text`,
  countries: `country_id, name, manager, product_count::text, total_sales::text,
    extract(epoch from last_updated)::text as last_updated`,
} as const;

/**
 * Waits until every row of every mirrored table is the same on both sides, and returns how many there are. Rows that
 * belong to publishers of manual events have no other side.
 */
export async function assertMirrored(pipeline: Pipeline, timeoutMs = 180_000): Promise<number> {
  let rows = 0;
  await eventually(
    async () => {
      rows = 0;
      for (const [table, columns] of Object.entries(MIRRORED)) {
        // One digest per row keeps a 5 MB description out of the comparison's memory and messages.
        const digest = (schema: string, where = 'true') =>
          `select t.id, md5(t::text) as digest
           from (select ${columns.split(',')[0]} as id, ${columns} from ${schema}.${table}) as t
           where ${where} order by 1`;
        const [source, model] = await Promise.all([
          pipeline.products.query<{ id: string; digest: string }>(digest('public')),
          pipeline.consumers.query<{ id: string; digest: string }>(
            digest('catalogue', ownedByDatabase(table)),
          ),
        ]);
        assert.equal(differences(source.rows, model.rows), [], `${table} differ`);
        rows += source.rows.length;
      }
    },
    { timeoutMs, intervalMs: 200, what: 'source and read model are equal, row by row' },
  );
  return rows;
}

function ownedByDatabase(table: string): string {
  return `not exists (select from runtime.guards g
    where g.consumer = 'catalogue' and g.entity = '${table}' and g.key = t.id and g.position like 'm-%')`;
}

interface Digest {
  readonly id: string;
  readonly digest: string;
}

/** The first few rows that are not the same, in words. */
function differences(source: readonly Digest[], model: readonly Digest[]): string[] {
  const mirrored = new Map(model.map((row) => [row.id, row.digest]));
  const found: string[] = [];
  for (const { id, digest } of source) {
    const other = mirrored.get(id);
    if (other === undefined) found.push(`${id} is missing`);
    else if (other !== digest) found.push(`${id} has other values`);
    mirrored.delete(id);
  }
  for (const id of mirrored.keys()) found.push(`${id} should be gone`);
  return found.length > 5 ? [...found.slice(0, 5), `… ${found.length} in all`] : found;
}

/** Waits until the catalogue's row of a product passes the check. */
export async function eventuallyProduct(
  pipeline: Pipeline,
  productId: string,
  check: (row: Record<string, unknown> | undefined) => void,
  timeoutMs = 30_000,
): Promise<void> {
  await eventually(
    async () => {
      const { rows } = await pipeline.consumers.query<Record<string, unknown>>(
        'select * from catalogue.products where product_id = $1',
        [productId],
      );
      check(rows[0]);
    },
    { timeoutMs, intervalMs: 50, what: `product ${productId} in the catalogue` },
  );
}
