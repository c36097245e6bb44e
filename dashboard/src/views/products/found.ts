import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { FeedRow } from '../../lib/live/feed.ts';
import { changesOf } from '../product/standing.ts';

/** A key with its newest change. */
export interface FoundKey {
  readonly key: string;
  readonly newest: FeedRow;
  /** Changes of it among those that were looked through. */
  readonly changes: number;
}

/**
 * The keys that reports are about, by their newest change.
 * @param reports the newest first
 */
export function foundKeys(reports: readonly LiveEvent[]): FoundKey[] {
  const keys = new Map<string, FoundKey>();
  for (const row of changesOf(reports, [])) {
    if (row.key === null) continue;
    const before = keys.get(row.key);
    keys.set(row.key, {
      key: row.key,
      newest: before?.newest ?? row,
      changes: (before?.changes ?? 0) + 1,
    });
  }
  return [...keys.values()];
}
