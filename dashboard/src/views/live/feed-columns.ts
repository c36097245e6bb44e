import { changeSentence } from '../../lib/change-messages.ts';
import type { ExportColumn } from '../../lib/export.ts';
import type { FeedRow } from '../../lib/live/feed.ts';

/** What an export of changes holds of each. */
export const FEED_COLUMNS: readonly ExportColumn<FeedRow>[] = [
  {
    name: 'committed_at',
    value: ({ occurredAtUs }) => new Date(occurredAtUs / 1_000).toISOString(),
  },
  { name: 'event_id', value: ({ eventId }) => eventId },
  { name: 'topic', value: ({ topic }) => topic },
  { name: 'entity', value: ({ entity }) => entity },
  { name: 'key', value: ({ key }) => key },
  { name: 'origin', value: ({ origin }) => origin },
  { name: 'op', value: ({ op }) => op },
  { name: 'change', value: (row) => changeSentence(row) },
  {
    name: 'steps',
    value: ({ steps }) =>
      Object.entries(steps)
        .map(([service, state]) => `${service} ${state}`)
        .join(', '),
  },
  { name: 'latency_ms', value: ({ latencyMs }) => latencyMs },
];
