import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { MonitorApi } from '../../lib/api/monitor.ts';
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
  signal: AbortSignal,
): Promise<readonly LiveEvent[]> {
  const { topic, key, stage, service, text } = filters;
  const latest = monitor.events({ topic, key, limit: LATEST })(signal);
  if (!isNarrowed(filters)) return (await latest).items;
  const matching = await monitor.events({ topic, key, stage, service, q: text, limit: MATCHING })(
    signal,
  );
  const ids = [...new Set(matching.items.map(({ eventId }) => eventId))].slice(0, WHOLE);
  // One that is gone meanwhile leaves the others.
  const ways = await Promise.allSettled(ids.map((eventId) => monitor.timeline(eventId)(signal)));
  const reports = ways.flatMap((way) =>
    way.status === 'fulfilled'
      ? way.value.stages.flatMap(({ report }) => (report === null ? [] : [report]))
      : [],
  );
  const known = new Set(reports.map(({ id }) => id));
  const rest = (await latest).items.filter(({ id }) => !known.has(id));
  return [...reports, ...rest].sort((a, b) => b.atUs - a.atUs);
}
