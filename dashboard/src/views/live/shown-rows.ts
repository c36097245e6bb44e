import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { addReports, emptyFeed, type FeedRow } from '../../lib/live/feed.ts';

export type RowMap = ReadonlyMap<string, FeedRow>;

/** Rows that are kept and shown. */
export const MAX_SHOWN = 2_000;
/** From so many reports per second on, rows would change before anybody could read them. */
const TOO_FAST_PER_SECOND = 150;
const SLOW_INTERVAL_MS = 250;

/** How long a picture of the feed stays, in milliseconds; 0: as long as a frame. */
export function showIntervalMs(reportsPerSecond: number): number {
  return reportsPerSecond > TOO_FAST_PER_SECOND ? SLOW_INTERVAL_MS : 0;
}

/**
 * The rows of the store, from before the page was there.
 * @param reports the newest first
 */
export function earlierRows(reports: readonly LiveEvent[], withSnapshots: boolean): RowMap {
  const oldestFirst = reports.toReversed();
  return addReports(emptyFeed({ capacity: MAX_SHOWN, withSnapshots }), oldestFirst).byEvent;
}

/**
 * Those that match, the oldest first, with those that matched before and that the feed has let go: at a high rate
 * what is rare would be on show for a moment only.
 * @param rows of the feed, the newest first
 */
export function keepMatching(
  kept: RowMap,
  rows: readonly FeedRow[],
  matches: (row: FeedRow) => boolean,
): RowMap {
  const next = new Map(kept);
  for (let index = rows.length - 1; index >= 0; index -= 1) {
    const row = rows[index];
    if (row === undefined) continue;
    if (matches(row)) next.set(row.eventId, row);
    else next.delete(row.eventId);
  }
  for (const eventId of next.keys()) {
    if (next.size <= MAX_SHOWN) break;
    next.delete(eventId);
  }
  return next;
}

/**
 * What is on show, the newest first: the rows that came live, completed by what the store knows of them, and the
 * store's others after them.
 */
export function withEarlier(rows: readonly FeedRow[], earlier: RowMap): readonly FeedRow[] {
  if (earlier.size === 0) return rows;
  const shown = rows.map((row) => {
    const before = earlier.get(row.eventId);
    return before === undefined ? row : together(before, row);
  });
  if (shown.length >= MAX_SHOWN) return shown;
  const live = new Set(rows.map(({ eventId }) => eventId));
  const rest = [...earlier.values()]
    .filter(({ eventId }) => !live.has(eventId))
    .sort((a, b) => b.occurredAtUs - a.occurredAtUs);
  return [...shown, ...rest].slice(0, MAX_SHOWN);
}

/** One change of which the store told the beginning, and the feed the rest. */
function together(before: FeedRow, row: FeedRow): FeedRow {
  const { latencyMs } = before;
  return {
    ...row,
    entity: row.entity ?? before.entity,
    op: row.op ?? before.op,
    origin: row.origin ?? before.origin,
    changed: row.changed.length > 0 ? row.changed : before.changed,
    changedOmitted: row.changedOmitted || before.changedOmitted,
    steps: { ...before.steps, ...row.steps },
    latencyMs: latencyMs === null ? row.latencyMs : Math.max(latencyMs, row.latencyMs ?? 0),
  };
}
