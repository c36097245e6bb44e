import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { DeadLetterItem } from '@shelfcast/schemas/monitor/operations';
import { milliseconds, plural, relativeTime } from '../../lib/format.ts';
import { addReports, emptyFeed, type FeedRow, type StepState } from '../../lib/live/feed.ts';
import { hrefOf } from '../../lib/routes.ts';
import type { Status } from '../../lib/status.ts';
import type { Readers } from '../live/strip.ts';

/** Where a consumer stands with one product. */
export interface Standing {
  readonly service: string;
  readonly status: Status;
  /** `up to date`, `2 changes behind`, `dead letter` */
  readonly word: string;
  readonly summary: string;
  /** The newest change that it is through with; undefined: of those that are known, none. */
  readonly through: FeedRow | undefined;
  readonly action: { readonly label: string; readonly href: string } | undefined;
}

const THROUGH: ReadonlySet<StepState> = new Set(['done', 'skipped', 'discarded']);
/** While everything runs, a change takes no longer. */
const USUAL_MS = 3_000;
const MAX_ROWS = 1_000;

/**
 * The changes of a key, the newest commit first.
 * @param stored reports of the store, the newest first
 * @param live reports that came since, the oldest first
 */
export function changesOf(
  stored: readonly LiveEvent[],
  live: readonly LiveEvent[],
): readonly FeedRow[] {
  const empty = emptyFeed({ capacity: MAX_ROWS, withSnapshots: true });
  const { rows } = addReports(addReports(empty, stored.toReversed()), live);
  return rows.toSorted((a, b) => b.occurredAtUs - a.occurredAtUs);
}

/**
 * Where every consumer stands, by the changes that are known of a product.
 * @param rows the newest commit first
 */
export function standings(facts: {
  readonly rows: readonly FeedRow[];
  readonly readers: Readers;
  readonly deadLetters: readonly DeadLetterItem[];
  readonly nowMs: number;
}): Standing[] {
  const { rows, readers, deadLetters, nowMs } = facts;
  const topics = new Set(rows.map(({ topic }) => topic));
  const services = new Set([
    ...[...topics].flatMap((topic) => readers.get(topic) ?? []),
    ...rows.flatMap(({ steps }) => Object.keys(steps)),
  ]);
  return [...services].sort().map((service) => {
    const own = rows.filter(
      ({ topic, steps }) => service in steps || readers.get(topic)?.includes(service),
    );
    const held = deadLetters.find(({ consumer }) => consumer === service);
    return standingOf({ service, own, held, nowMs });
  });
}

function standingOf(facts: {
  readonly service: string;
  readonly own: readonly FeedRow[];
  readonly held: DeadLetterItem | undefined;
  readonly nowMs: number;
}): Standing {
  const { service, own, held, nowMs } = facts;
  const isThrough = ({ steps }: FeedRow): boolean => {
    const state = steps[service];
    return state !== undefined && THROUGH.has(state);
  };
  const through = own.find(isThrough);
  if (held !== undefined) {
    const isDead = held.state === 'dead';
    return {
      service,
      status: isDead ? 'bad' : 'warn',
      word: isDead ? 'dead letter' : 'tried again',
      summary: `${held.errorType}: ${held.errorMessage.replace(/\.?$/, '.')} ${describeWait(held, nowMs)}`,
      through,
      action: {
        label: isDead ? 'Inspect, edit and redrive' : 'Inspect it',
        href: hrefOf('deadLetter', { id: held.id }),
      },
    };
  }
  const newest = own[0];
  if (newest === undefined) {
    const summary = 'No change of it is known here.';
    return { service, status: 'off', word: 'nothing yet', summary, through, action: undefined };
  }
  // In order per key: a service that is through with the newest has seen all before.
  if (isThrough(newest)) {
    const { latencyMs } = newest;
    const took = latencyMs === null ? '' : `, within ${milliseconds(latencyMs)} of the commit`;
    const summary = `Has the newest change${took}.`;
    return { service, status: 'ok', word: 'up to date', summary, through, action: undefined };
  }
  const behind = own.findIndex(isThrough);
  const open = behind === -1 ? own.length : behind;
  const waitsMs = nowMs - newest.occurredAtUs / 1_000;
  const isLate = waitsMs > USUAL_MS;
  return {
    service,
    status: isLate ? 'bad' : 'ok',
    word: `${plural(open, 'change')} behind`,
    summary: isLate
      ? `Has not reported the newest change, of ${relativeTime(newest.occurredAtUs / 1_000, nowMs)}: stopped, paused or behind.`
      : 'On its way.',
    through,
    action: isLate ? { label: 'See the consumer', href: hrefOf('consumers') } : undefined,
  };
}

function describeWait({ waiting, nextAttemptAt }: DeadLetterItem, nowMs: number): string {
  const behind =
    waiting > 1
      ? `${plural(waiting - 1, 'later change waits', 'later changes wait')} behind it. `
      : '';
  return nextAttemptAt === null
    ? `${behind}It is not tried again by itself.`
    : `${behind}It is tried again ${relativeTime(Date.parse(nextAttemptAt), nowMs)}.`;
}
