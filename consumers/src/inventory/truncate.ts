import { deriveId } from '@shelfcast/schemas/change-id';
import type { Position } from '@shelfcast/schemas/position';
import type { ApplyContext } from '../runtime/contract/definition.ts';

/** Closes the products positioned before the truncate. They are gone, not out of stock: no alert is sent. */
export async function truncate(
  entity: string,
  floor: Position,
  { tx, consumer, nowMs }: ApplyContext,
): Promise<void> {
  if (entity !== 'products') return;
  const { rows } = await tx.query<{ product_id: string; stock_quantity: bigint | null }>(
    `delete from inventory.stock as s using runtime.guards as g
     where g.consumer = $1 and g.entity = $2 and g.key = s.product_id and g.position < $3
     returning s.product_id, s.stock_quantity`,
    [consumer, entity, floor],
  );
  if (rows.length === 0) return;
  await tx.query(
    `insert into inventory.stock_movements
       (id, product_id, kind, delta, stock_quantity, change_id, origin, occurred_at)
     select m.id, m.product_id, 'closing', m.delta, 0, null, 'cdc', $4
     from unnest($1::uuid[], $2::text[], $3::bigint[]) as m(id, product_id, delta)`,
    [
      rows.map((row) => deriveId(['stock_movement', 'truncate', floor, row.product_id])),
      rows.map((row) => row.product_id),
      rows.map((row) => String(-(row.stock_quantity ?? 0n))),
      new Date(nowMs).toISOString(),
    ],
  );
}
