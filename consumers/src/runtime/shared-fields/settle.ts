import type { ClientBase } from 'pg';
import { type Classified, guardKey } from '../positions/classify.ts';
import {
  type Merged,
  mergeShared,
  NOTHING_SHARED,
  type SharedFields,
  type SharedRow,
} from './merge.ts';
import { loadSharedRows, saveSharedRows } from './store.ts';

/**
 * Lets the time of acceptance decide about shared fields: gives back the changes with what counts, and notes what was
 * accepted. Two round trips for a batch with entities that share fields, none for any other. The keys' guards are
 * locked by the transaction.
 */
export async function settleShared(
  tx: ClientBase,
  consumer: string,
  shared: SharedFields | undefined,
  judged: readonly Classified[],
): Promise<readonly Classified[]> {
  if (shared === undefined || shared.size === 0) return judged;
  const places = judged.flatMap(({ change: { entity, key }, fresh, contested }) =>
    (fresh || contested === true) && key !== null && shared.has(entity) ? [{ entity, key }] : [],
  );
  if (places.length === 0) return judged;
  const rows = await loadSharedRows(tx, consumer, places);
  const noted = new Map<string, { entity: string; key: string; row: SharedRow }>();
  const settled = judged.map((entry) => {
    const { change, fresh, contested = false } = entry;
    const { entity, key } = change;
    const sharedEntity = shared.get(entity);
    // A contested row change is a snapshot read: it has no effect.
    const isOpen = fresh || (contested && change.origin === 'manual');
    if (!isOpen || key === null || sharedEntity === undefined) return entry;
    const name = guardKey(entity, key);
    const known = rows.get(name) ?? NOTHING_SHARED;
    const merged = mergeShared(change, sharedEntity, known, contested);
    if (merged.row !== known) {
      rows.set(name, merged.row);
      noted.set(name, { entity, key, row: merged.row });
    }
    return withMerged(entry, merged);
  });
  await saveSharedRows(tx, consumer, [...noted.values()]);
  return settled;
}

function withMerged(entry: Classified, { change, lost }: Merged): Classified {
  if (change === null) return entry;
  const effective: Classified = { ...entry, change, fresh: true, outcome: 'processed' };
  return Object.keys(lost).length === 0 ? effective : { ...effective, lost };
}
