import { UNCHANGED } from '@shelfcast/schemas/change';
import type { ClientBase } from 'pg';
import { type Classified, guardKey } from './classify.ts';

/**
 * Writes down what lost against another origin: all of a change that had no effect, or the fields of it that had none.
 * @param positions the owners' positions when the changes came, by `guardKey`
 */
export async function noteConflicts(
  tx: ClientBase,
  consumer: string,
  judged: readonly Classified[],
  positions: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = judged.flatMap(({ change, outcome, lost }) => {
    if (outcome !== 'conflict' && lost === undefined) return [];
    return [
      {
        change_id: change.id,
        entity: change.entity,
        key: change.key ?? '',
        origin: change.origin,
        position: positions.get(guardKey(change.entity, change.key ?? '')) ?? '',
        columns: lost ?? change.after,
        occurred_us: change.occurredAtUs.toString(),
      },
    ];
  });
  if (rows.length === 0) return;
  await tx.query(
    `insert into runtime.conflicts (consumer, change_id, entity, key, origin, position, columns, occurred_at)
     select $1, c.change_id, c.entity, c.key, c.origin, c.position, coalesce(c.columns, '{}'),
            to_timestamp(c.occurred_us / 1000000.0)
     from jsonb_to_recordset($2::jsonb) as c(change_id text, entity text, key text, origin text, position text,
       columns jsonb, occurred_us numeric)
     on conflict do nothing`,
    [consumer, JSON.stringify(rows, asJson)],
  );
}

/** Big integers as their text; what was not sent is left out. */
function asJson(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value === UNCHANGED ? undefined : value;
}
