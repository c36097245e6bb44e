import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { TimelineStage } from '@shelfcast/schemas/monitor/timeline';
import type { MonitorApi } from '../../lib/api/monitor.ts';
import { ApiError } from '../../lib/api/problem.ts';
import { type FeedFilters, isNarrowed } from './filters.ts';

/** Reports of the latest changes. */
const LATEST = 500;
/** Reports that match, and changes of them that are read whole. */
const MATCHING = 200;
const WHOLE = 20;

/**
 * What the store knows of the latest changes, the newest first: of those that a state, a consumer or a text picks, also
 * older ones, each with all its reports.
 */
export async function readHistory(
  monitor: Pick<MonitorApi, 'events' | 'timeline'>,
  filters: FeedFilters,
  signal: AbortSignal | undefined,
): Promise<readonly LiveEvent[]> {
  const { topic, key, stage, service, text } = filters;
  const latest = monitor.events({ topic, key, limit: LATEST }).run(signal);
  // It is waited for below; that it failed meanwhile is told there.
  latest.catch(() => {});
  if (!isNarrowed(filters)) return (await latest).items;
  const matching = await monitor
    .events({ topic, key, stage, service, q: text, limit: MATCHING })
    .run(signal);
  const ids = [...new Set(matching.items.map(({ eventId }) => eventId))].slice(0, WHOLE);
  const ways = await Promise.all(ids.map((eventId) => wayOf(monitor, eventId, signal)));
  const reports = ways.flatMap((stages) =>
    stages.flatMap(({ report }) => (report === null ? [] : [report])),
  );
  const known = new Set(reports.map(({ id }) => id));
  const rest = (await latest).items.filter(({ id }) => !known.has(id));
  return [...reports, ...rest].sort((a, b) => b.atUs - a.atUs);
}

/** The steps of an event; none of one that is gone meanwhile, which leaves the others. */
async function wayOf(
  monitor: Pick<MonitorApi, 'timeline'>,
  eventId: string,
  signal: AbortSignal | undefined,
): Promise<readonly TimelineStage[]> {
  try {
    return (await monitor.timeline(eventId).run(signal)).stages;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
