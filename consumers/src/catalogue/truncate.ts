import type { Position } from '@shelfcast/schemas/position';
import type { ApplyContext } from '../runtime/contract/definition.ts';
import { columnsOf, isCatalogueTable } from './decide.ts';
import { lockPrices, reprice } from './reprice.ts';

/** Deletes the entity's rows positioned before the truncate; products keep a price without the discounts. */
export async function truncate(
  entity: string,
  floor: Position,
  context: ApplyContext,
): Promise<void> {
  if (!isCatalogueTable(entity)) return;
  const { tx, consumer, schema } = context;
  const { rows } = await tx.query<{ product_id: string | null }>(
    `delete from ${schema}.${entity} m using runtime.guards g
     where g.consumer = $1 and g.entity = $2 and g.key = m.${columnsOf[entity][0]} and g.position < $3
     returning ${entity === 'product_discounts' ? 'm.product_id' : 'null as product_id'}`,
    [consumer, entity, floor],
  );
  const productIds = [...new Set(rows.map((row) => row.product_id))].filter((id) => id !== null);
  await lockPrices(context, productIds);
  await reprice(context, productIds);
}
