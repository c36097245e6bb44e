import type { Position } from '@shelfcast/schemas/position';
import type { ApplyContext } from '../runtime/contract/definition.ts';
import { changePrices } from './apply.ts';
import type { Cause, PriceEffect } from './decide.ts';

/** As many products at a time: enough to be quick, few enough for memory and locks. */
const CHUNK = 1_000;

const TABLES = {
  products: { table: 'products', key: 'product_id' },
  product_discounts: { table: 'product_discounts', key: 'discount_id' },
} as const;

/** Removes the entity's rows positioned before the truncate, which changes prices as deletes would. */
export async function truncate(
  entity: string,
  floor: Position,
  context: ApplyContext,
): Promise<void> {
  if (entity !== 'products' && entity !== 'product_discounts') return;
  const { table, key } = TABLES[entity];
  const { rows } = await context.tx.query<{ key: string; product_id: string }>(
    `select m.${key} as key, m.product_id from pricing.${table} m
     join runtime.guards g on g.consumer = $1 and g.entity = $2 and g.key = m.${key}
     where g.position < $3 order by 1`,
    [context.consumer, entity, floor],
  );
  // Each row is a cause of its own: a product can lose several discounts to one truncate.
  const causeOf = (key: string): Cause => ({
    kind: 'truncate',
    id: `${floor}/${key}`,
    occurredAtMs: context.nowMs,
    snapshot: false,
    epoch: 0n,
  });
  for (let from = 0; from < rows.length; from += CHUNK) {
    const chunk = rows.slice(from, from + CHUNK);
    const effects = chunk.map((row): PriceEffect => {
      const base = { key: row.key, cause: causeOf(row.key), nothingNew: false };
      return entity === 'products'
        ? { kind: 'removeProduct', ...base }
        : { kind: 'removeDiscount', ...base, productIdBefore: row.product_id };
    });
    await changePrices([...new Set(chunk.map((row) => row.product_id))], effects, context);
  }
}
