import { instantText } from '@shelfcast/schemas/temporal';
import type { ClientBase } from 'pg';
import type { ApplyContext } from '../runtime/contract/definition.ts';
import type { Accounted, AlertRules, StockLevel } from './account.ts';
import type { StockEffect } from './decide.ts';
import type { StockState } from './hysteresis.ts';

export interface Known {
  readonly levels: ReadonlyMap<string, StockLevel>;
  readonly rulesOf: (productId: string, category: string | null) => AlertRules;
}

interface KnownRow {
  readonly product_id: string;
  /** That of the effect, or what is known where it says nothing. */
  readonly category: string | null;
  readonly known_category: string | null;
  readonly stock_quantity: bigint | null;
  readonly state: StockState | null;
  readonly low: bigint;
  readonly back: bigint;
  readonly alert_first_read: boolean;
}

/**
 * Levels and thresholds of the products in a batch. No row is locked: the runtime holds the guards of
 * these products, and only their holder writes stock.
 */
export async function readKnown(tx: ClientBase, effects: readonly StockEffect[]): Promise<Known> {
  const wanted = new Map(
    effects.map((effect) => {
      const { productId } = effect;
      const category = effect.kind === 'level' ? effect.category : undefined;
      return [
        JSON.stringify([productId, category, category === undefined]),
        { productId, category },
      ];
    }),
  );
  const { rows } = await tx.query<KnownRow>({
    name: 'inventory.read',
    text: READ,
    values: [
      [...wanted.values()].map(({ productId }) => productId),
      [...wanted.values()].map(({ category }) => category ?? null),
      [...wanted.values()].map(({ category }) => category === undefined),
    ],
  });
  const levels = new Map<string, StockLevel>();
  const rules = new Map<string, AlertRules>();
  for (const row of rows) {
    const { product_id, category, stock_quantity: quantity, state, low, back } = row;
    if (state !== null) {
      levels.set(product_id, { quantity, state, category: row.known_category });
    }
    rules.set(ruleKey(product_id, category), { low, back, alertFirstRead: row.alert_first_read });
  }
  return {
    levels,
    rulesOf(productId, category) {
      const found = rules.get(ruleKey(productId, category));
      if (found === undefined) throw new Error('inventory.thresholds has lost its default');
      return found;
    },
  };
}

const READ = `
select w.product_id, c.category, s.category as known_category, s.stock_quantity, s.state, t.low, t.back,
       t.alert_first_read
from unnest($1::text[], $2::text[], $3::boolean[]) as w(product_id, category, unsaid)
left join inventory.stock as s using (product_id)
cross join lateral (select case when w.unsaid then s.category else w.category end as category) as c
cross join lateral (
  select low, back, alert_first_read from inventory.thresholds
  where (scope, name) in (('product', w.product_id), ('category', c.category), ('default', ''))
  order by array_position(array['product', 'category', 'default'], scope)
  limit 1
) as t`;

/** Enters movements in the ledger and brings the levels up to date. */
export function writeAccounted(
  { write }: Pick<ApplyContext, 'write'>,
  { movements, levels }: Pick<Accounted, 'movements' | 'levels'>,
): void {
  if (movements.length === 0 && levels.size === 0) return;
  const kept = [...levels].flatMap(([productId, level]) =>
    level === null ? [] : [{ productId, ...level }],
  );
  const gone = [...levels].flatMap(([productId, level]) => (level === null ? [productId] : []));
  // A statement of its own: in the one below, Postgres would plan again each time because of this list.
  if (gone.length > 0) write({ name: 'inventory.remove', text: REMOVE, values: [gone] });
  write({
    name: 'inventory.write',
    text: WRITE,
    values: [
      movements.map(({ id }) => id),
      movements.map(({ productId }) => productId),
      movements.map(({ kind }) => kind),
      movements.map(({ delta }) => String(delta)),
      movements.map(({ quantity }) => textOrNull(quantity)),
      movements.map(({ cause }) => cause.changeId),
      movements.map(({ cause }) => cause.origin),
      movements.map(({ cause }) => instantText(cause.occurredAtUs)),
      kept.map(({ productId }) => productId),
      kept.map(({ quantity }) => textOrNull(quantity)),
      kept.map(({ state }) => state),
      kept.map(({ changedAtUs }) => instantText(changedAtUs)),
      kept.map(({ category }) => category),
    ],
  });
}

const REMOVE = 'delete from inventory.stock where product_id = any($1)';

const WRITE = `
with entered as (
  insert into inventory.stock_movements
    (id, product_id, kind, delta, stock_quantity, change_id, origin, occurred_at)
  select m.id, m.product_id, m.kind, m.delta, m.stock_quantity, m.change_id, m.origin, m.occurred_at
  from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
              $8::timestamptz[]) with ordinality
    as m(id, product_id, kind, delta, stock_quantity, change_id, origin, occurred_at, place)
  order by m.place
)
insert into inventory.stock as s (product_id, stock_quantity, state, changed_at, category)
select * from unnest($9::text[], $10::bigint[], $11::text[], $12::timestamptz[], $13::text[])
on conflict (runtime.bounded(product_id)) do update set
  stock_quantity = excluded.stock_quantity, state = excluded.state, category = excluded.category,
  changed_at = case when s.stock_quantity is distinct from excluded.stock_quantity
                    then excluded.changed_at else s.changed_at end`;

function ruleKey(productId: string, category: string | null): string {
  return JSON.stringify([productId, category]);
}

function textOrNull(quantity: bigint | null): string | null {
  return quantity === null ? null : String(quantity);
}
