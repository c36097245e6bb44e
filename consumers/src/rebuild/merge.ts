import type { ClientBase } from 'pg';
import type { Generation } from './generation.ts';

/** Keys that belong to publishers of manual events; what the snapshot says about them counts as little as ever. */
export async function keysOfPublishers(
  tx: ClientBase,
  { live, consumer: next }: Generation,
): Promise<{ entity: string; key: string }[]> {
  const { rows } = await tx.query<{ entity: string; key: string }>(
    `select l.entity, l.key from runtime.guards l
     left join runtime.guards n on n.consumer = $2 and n.entity = l.entity and n.key = l.key
     where l.consumer = $1 and l.position like 'm-%' and (n.position is null or n.position not like '%-1')`,
    [live, next],
  );
  if (rows.length === 0) return rows;
  for (const table of ['parked_changes', 'parked_keys', 'guards']) {
    await tx.query(
      `delete from runtime.${table} t using unnest($2::text[], $3::text[]) as o(entity, key)
       where t.consumer = $1 and t.entity = o.entity and t.key = o.key`,
      [next, rows.map(({ entity }) => entity), rows.map(({ key }) => key)],
    );
  }
  return rows;
}

/**
 * What the new generation could not apply waits on, in the place of what the old one could not. What only the old one
 * could not is tried again, and found to be older than what the snapshot said.
 */
export async function mergeParked(
  tx: ClientBase,
  { live, consumer: next }: Generation,
): Promise<void> {
  for (const table of ['parked_changes', 'parked_keys']) {
    await tx.query(
      `delete from runtime.${table} t using runtime.parked_keys n
       where t.consumer = $1 and n.consumer = $2 and n.entity = t.entity and n.key = t.key`,
      [live, next],
    );
    // The keys last: the changes of the old generation are found by them.
    if (table === 'parked_changes') {
      await tx.query(`update runtime.${table} set consumer = $1 where consumer = $2`, [live, next]);
    }
  }
  await tx.query(`update runtime.parked_keys set consumer = $1 where consumer = $2`, [live, next]);
  await tx.query(
    `update runtime.parked_keys k set state = 'retrying', attempts = 0, next_attempt_at = now()
     from runtime.guards n
     where k.consumer = $1 and n.consumer = $2 and n.entity = k.entity and n.key = k.key`,
    [live, next],
  );
}

/**
 * Both generations have handled the same records, so their positions mostly agree; where they do not, the new one's
 * count. Keys it never met were gone before it began: theirs stay, so that no late change brings them back.
 */
export async function mergePositions(
  tx: ClientBase,
  { live, consumer: next }: Generation,
): Promise<void> {
  await tx.query(
    `insert into runtime.guards as g (consumer, entity, key, position, deleted, parked)
     select $1, n.entity, n.key, n.position, n.deleted, n.parked from runtime.guards n
     left join runtime.guards l on l.consumer = $1 and l.entity = n.entity and l.key = n.key
     where n.consumer = $2 and (l.position is distinct from n.position or (n.parked and not l.parked))
     on conflict (consumer, entity, runtime.bounded(key)) do update
       set position = excluded.position, deleted = excluded.deleted, parked = g.parked or excluded.parked`,
    [live, next],
  );
  // In place: batches wait for these very rows.
  await tx.query(
    `update runtime.floors l set position = n.position from runtime.floors n
     where l.consumer = $1 and n.consumer = $2 and n.entity = l.entity and n.position > l.position`,
    [live, next],
  );
}
