import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import { count, perSecond, plural } from '../../lib/format.ts';
import type { Feed } from '../../lib/live/feed.ts';
import type { FeedFilters } from './filters.ts';

/** What is said above the feed. */
export interface FeedMessages {
  /** `148/s`, or that it is paused. */
  readonly rate: string;
  /** What is not on show, and why. */
  readonly hides: string;
  /** `127 new`, empty when there are none. */
  readonly isNew: string;
  /** Reports that this page does not have; empty when it has all. */
  readonly sampled: string;
}

export interface FeedFacts {
  readonly feed: Pick<
    Feed,
    'isPaused' | 'newSincePause' | 'sampled' | 'lost' | 'hidden' | 'capacity'
  >;
  readonly summary: LiveSummary | undefined;
  readonly filters: Pick<FeedFilters, 'withSnapshots'>;
  /** Whether rows are shown less often than they come. */
  readonly isSlowed: boolean;
}

export function describeFeed({ feed, summary, filters, isSlowed }: FeedFacts): FeedMessages {
  const hidden = feed.hidden > 0 ? ` (${plural(feed.hidden, 'report')})` : '';
  const parts = [
    filters.withSnapshots ? 'heartbeats hidden' : `heartbeats and snapshot reads hidden${hidden}`,
    ...(isSlowed && !feed.isPaused ? ['too fast to read: shown four times a second'] : []),
  ];
  return {
    rate: feed.isPaused ? 'Paused' : `${perSecond(changesPerSecond(summary))} live`,
    hides: `· ${parts.join(' · ')}`,
    isNew: feed.newSincePause === 0 ? '' : describeNew(feed),
    sampled: describeSampled(feed),
  };
}

/** Changes that became readable, of the last ten seconds. */
export function changesPerSecond(summary: LiveSummary | undefined): number | null {
  if (summary === undefined) return null;
  return Object.values(summary.services).reduce(
    (sum, { captured = 0, published = 0 }) => sum + captured + published,
    0,
  );
}

function describeNew({ newSincePause, capacity }: FeedFacts['feed']): string {
  const rest = newSincePause > capacity ? `, the last ${count(capacity)} are kept` : '';
  return `${count(newSincePause)} new${rest}`;
}

function describeSampled({ sampled, lost }: FeedFacts['feed']): string {
  const parts = [
    sampled === 0
      ? ''
      : `Sampled: ${plural(sampled, 'report')} came faster than this page could take them and ${sampled === 1 ? 'is' : 'are'} not in the list. The figures and the history have them all.`,
    lost === 0
      ? ''
      : `${plural(lost, 'report')} older than Kafka keeps could not be caught up with.`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
