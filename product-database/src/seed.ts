import pg from 'pg';
import { buildCatalogue } from './catalogue.ts';

export interface SeedProductsOptions {
  /** Connects as the owner of the products database. */
  readonly connectionString: string;
  /** Discounts are placed around this moment. */
  readonly now?: Date;
}

export interface SeedResult {
  /** Rows inserted now; all zero when there were products already. */
  readonly products: number;
  readonly discounts: number;
  readonly countries: number;
}

/** Fills an empty products database that has all tables of the example catalogue, in one transaction; otherwise does nothing. */
export async function seedProducts({
  connectionString,
  now = new Date(),
}: SeedProductsOptions): Promise<SeedResult> {
  const client = new pg.Client({ connectionString, application_name: 'shelfcast-seed' });
  await client.connect();
  try {
    await client.query('begin');
    if (!(await hasCatalogue(client))) return NOTHING;
    // Two seeds at once: the second waits here, and then sees the products of the first.
    await client.query('lock table public.products in share row exclusive mode');
    const { rowCount } = await client.query('select from public.products limit 1');
    const result = rowCount === 0 ? await insertCatalogue(client, now) : NOTHING;
    await client.query('commit');
    return result;
  } finally {
    // Ends an unfinished transaction too.
    await client.end();
  }
}

/** Tables may have been dropped or renamed since. */
async function hasCatalogue(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ complete: boolean }>(
    `select bool_and(to_regclass('public.' || name) is not null) as complete
     from unnest(array['products', 'product_discounts', 'countries']) as name`,
  );
  return rows[0]?.complete ?? false;
}

const NOTHING: SeedResult = { products: 0, discounts: 0, countries: 0 };

async function insertCatalogue(client: pg.ClientBase, now: Date): Promise<SeedResult> {
  const { products, discounts, countries } = buildCatalogue(now);
  await client.query(
    `insert into public.products
       (product_id, name, description, category, brand, price, currency, stock_quantity, weight_kg, dimensions, attributes)
     select * from jsonb_to_recordset($1) as row
       (product_id text, name text, description text, category text, brand text, price numeric,
        currency text, stock_quantity int, weight_kg numeric, dimensions text, attributes jsonb)`,
    [JSON.stringify(products)],
  );
  await client.query(
    `insert into public.product_discounts
       (discount_id, product_id, discount_type, discount_percentage, start_date, end_date, minimum_quantity, maximum_discount)
     select * from jsonb_to_recordset($1) as row
       (discount_id text, product_id text, discount_type text, discount_percentage numeric,
        start_date timestamptz, end_date timestamptz, minimum_quantity int, maximum_discount numeric)`,
    [JSON.stringify(discounts)],
  );
  await client.query(
    `insert into public.countries (country_id, name, manager, product_count, total_sales)
     select * from jsonb_to_recordset($1) as row
       (country_id text, name text, manager text, product_count int, total_sales numeric)
     on conflict do nothing`,
    [JSON.stringify(countries)],
  );
  return {
    products: products.length,
    discounts: discounts.length,
    countries: countries.length,
  };
}
