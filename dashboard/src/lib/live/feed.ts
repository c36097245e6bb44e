import type { LiveEvent, LiveGap } from '@shelfcast/schemas/monitor/live';
import type { ReportedColumn } from '@shelfcast/schemas/monitoring-event';

/** Where an event is with one service, in a word: the last that it reported, but for what comes after the end. */
export type StepState = 'done' | 'skipped' | 'failed' | 'parked' | 'deadLettered' | 'discarded';

/** One event with everything that was reported of it: a line of the feed. */
export interface FeedRow {
  readonly eventId: string;
  readonly topic: string;
  readonly key: string | null;
  readonly instance: string;
  /** Commit or acceptance, Unix microseconds. */
  readonly occurredAtUs: number;
  /** End of the newest step, Unix microseconds. */
  readonly lastAtUs: number;
  readonly entity: string | undefined;
  readonly op: string | undefined;
  readonly isSnapshot: boolean;
  /** A row of the database that was captured, or an event that was published; undefined: not known yet. */
  readonly origin: 'captured' | 'published' | undefined;
  readonly changed: readonly ReportedColumn[];
  readonly changedOmitted: number;
  /** By consumer, in the order in which they reported first. */
  readonly steps: Readonly<Record<string, StepState>>;
  /** Commit to processed by the slowest consumer so far, in milliseconds; null while there is none. */
  readonly latencyMs: number | null;
}

export interface FeedOptions {
  /** Rows that are kept; the oldest go. */
  readonly capacity: number;
  readonly withSnapshots: boolean;
}

/** What came in, grouped by event. Values only: each change makes a new one. */
export interface Feed extends FeedOptions {
  /** The oldest first. */
  readonly byEvent: ReadonlyMap<string, FeedRow>;
  /** What is on show, the newest first. */
  readonly rows: readonly FeedRow[];
  readonly isPaused: boolean;
  /** Events that came since it was paused. */
  readonly newSincePause: number;
  /** Reports that the monitor left out, because this page was too slow for them. */
  readonly sampled: number;
  /** Reports that were asked for and no longer exist. */
  readonly lost: number;
  /** Reports that were hidden because a snapshot read them. */
  readonly hidden: number;
}

export function emptyFeed(options: FeedOptions): Feed {
  return {
    ...options,
    byEvent: new Map(),
    rows: [],
    isPaused: false,
    newSincePause: 0,
    sampled: 0,
    lost: 0,
    hidden: 0,
  };
}

/** The feed with more reports; a report that comes twice changes nothing. */
export function addReports(feed: Feed, reports: readonly LiveEvent[]): Feed {
  if (reports.length === 0) return feed;
  const byEvent = new Map(feed.byEvent);
  let hidden = feed.hidden;
  let added = 0;
  for (const report of reports) {
    if (!feed.withSnapshots && report.details.snapshot === true) {
      hidden += 1;
      continue;
    }
    const before = byEvent.get(report.eventId);
    if (before === undefined) added += 1;
    byEvent.set(report.eventId, withReport(before ?? newRow(report), report));
  }
  let surplus = byEvent.size - feed.capacity;
  for (const eventId of byEvent.keys()) {
    if (surplus <= 0) break;
    byEvent.delete(eventId);
    surplus -= 1;
  }
  return {
    ...feed,
    byEvent,
    hidden,
    // Rows on show go on with their steps; new ones wait.
    rows: feed.isPaused
      ? feed.rows.map((row) => byEvent.get(row.eventId) ?? row)
      : newestFirst(byEvent),
    newSincePause: feed.isPaused ? feed.newSincePause + added : 0,
  };
}

export function pauseFeed(feed: Feed): Feed {
  return feed.isPaused ? feed : { ...feed, isPaused: true, newSincePause: 0 };
}

/** Shows what came meanwhile. */
export function resumeFeed(feed: Feed): Feed {
  if (!feed.isPaused) return feed;
  return { ...feed, isPaused: false, newSincePause: 0, rows: newestFirst(feed.byEvent) };
}

export function noteSampled(feed: Feed, reports: number): Feed {
  return reports === 0 ? feed : { ...feed, sampled: feed.sampled + reports };
}

export function noteGap(feed: Feed, { from, to }: LiveGap): Feed {
  return { ...feed, lost: feed.lost + Number(BigInt(to) - BigInt(from)) };
}

function newestFirst(byEvent: ReadonlyMap<string, FeedRow>): FeedRow[] {
  return [...byEvent.values()].reverse();
}

function newRow(report: LiveEvent): FeedRow {
  return {
    eventId: report.eventId,
    topic: report.topic,
    key: report.key,
    instance: report.instance,
    occurredAtUs: report.occurredAtUs,
    lastAtUs: report.atUs,
    entity: report.details.entity,
    op: report.details.op,
    isSnapshot: report.details.snapshot === true,
    origin: undefined,
    changed: [],
    changedOmitted: 0,
    steps: {},
    latencyMs: null,
  };
}

function withReport(row: FeedRow, report: LiveEvent): FeedRow {
  const { stage, details } = report;
  const seen = {
    ...row,
    lastAtUs: Math.max(row.lastAtUs, report.atUs),
    entity: row.entity ?? details.entity,
    op: row.op ?? details.op,
  };
  if (stage === 'captured' || stage === 'published') {
    return {
      ...seen,
      origin: stage,
      changed: details.changed ?? [],
      changedOmitted: details.changedOmitted ?? 0,
    };
  }
  const state = stepOf(stage);
  if (state === undefined) return seen;
  const sinceCommitMs = Math.max(0, (report.atUs - row.occurredAtUs) / 1_000);
  return {
    ...seen,
    steps: { ...row.steps, [report.service]: state },
    latencyMs: state === 'done' ? Math.max(row.latencyMs ?? 0, sinceCommitMs) : row.latencyMs,
  };
}

function stepOf(stage: LiveEvent['stage']): StepState | undefined {
  switch (stage) {
    case 'processed':
      return 'done';
    case 'skipped':
    case 'failed':
    case 'parked':
    case 'deadLettered':
    case 'discarded':
      return stage;
    default:
      return undefined;
  }
}
