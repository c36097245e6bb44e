import { setTimeout as delay } from 'node:timers/promises';
import type { Queryable } from './captured-tables.ts';

export interface RunDemoOptions {
  readonly db: Queryable;
  readonly changesPerSecond: number;
  /** Ends the demo. */
  readonly signal: AbortSignal;
  readonly onChange: (what: string) => void;
}

/** What the demo does to a random product; prices and stock wander but stay believable, and within their columns. */
const EDITS = [
  `update public.products set price = least(round(price * (0.95 + random() * 0.1)::numeric, case currency when 'JPY' then 0 else 2 end), 9999999999)
   where product_id = $1 returning product_id || ': price is now ' || price || ' ' || currency as what`,
  `update public.products set stock_quantity = least(2000000000, greatest(0, stock_quantity::bigint + floor(random() * 21 - 10)::int))
   where product_id = $1 returning product_id || ': ' || stock_quantity || ' in stock' as what`,
  `update public.product_discounts set discount_percentage = least(60, greatest(5, discount_percentage + 2.5 * sign(random() - 0.5)))
   where discount_id = (select discount_id from public.product_discounts where product_id = $1 limit 1)
   returning product_id || ': discount ' || discount_id || ' is now ' || discount_percentage || ' %' as what`,
] as const;

/** Keeps editing products at the given rate until `signal` aborts. @returns how many rows it changed. */
export async function runDemo({
  db,
  changesPerSecond,
  signal,
  onChange,
}: RunDemoOptions): Promise<number> {
  const startedAt = performance.now();
  let changes = 0;
  for (let edit = 0; !signal.aborted; edit += 1) {
    const { rows: picked } = await db.query<{ product_id: string }>(
      'select product_id from public.products order by random() limit 1',
    );
    const productId = picked[0]?.product_id;
    if (productId === undefined) throw new Error('There are no products to edit: seed them first.');
    const { rows } = await db.query<{ what: string }>(EDITS[edit % EDITS.length] ?? EDITS[0], [
      productId,
    ]);
    for (const { what } of rows) {
      changes += 1;
      onChange(what);
    }
    const aheadMs = ((edit + 1) / changesPerSecond) * 1000 - (performance.now() - startedAt);
    if (aheadMs > 0) await delay(aheadMs, undefined, { signal }).catch(() => undefined);
  }
  return changes;
}
