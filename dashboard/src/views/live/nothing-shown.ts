import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { knownValue, type Loaded } from '../../lib/loaded.ts';
import { type UnreadTopic, unreadSentence } from '../topics/topic-messages.ts';

/** Why a list of the latest changes is empty, when nothing that the store knows is in it. */
export interface NothingShown {
  readonly title: string;
  readonly summary: string;
  /** Whether there are snapshot reads, which are hidden unless they are asked for. */
  readonly hasSnapshotReads: boolean;
}

/**
 * @param reports the newest that the store has, of any kind
 * @param hidden reports of snapshot reads that came since
 */
export function nothingShown({
  reports,
  hidden,
  unread,
}: {
  readonly reports: readonly LiveEvent[];
  readonly hidden: number;
  readonly unread: Loaded<readonly UnreadTopic[]>;
}): NothingShown {
  const unreadMessage = unreadSentence(knownValue(unread) ?? []);
  const isRead = hidden > 0 || reports.some(({ details }) => details.snapshot === true);
  if (isRead) {
    const summary = `A snapshot read them; no change came after it. ${unreadMessage}`.trimEnd();
    return { title: 'The latest rows are snapshot reads', summary, hasSnapshotReads: true };
  }
  if (unreadMessage !== '') {
    return { title: 'No change is reported yet', summary: unreadMessage, hasSnapshotReads: false };
  }
  return {
    title: 'Waiting for the first change',
    summary: '“make demo” keeps editing products, so that there is something to watch.',
    hasSnapshotReads: false,
  };
}
