import type { Counting } from '../reports/kind.ts';
import type { ReportRow } from '../reports/report-row.ts';
import type { CompletedEvent } from './completed.ts';
import { ALL_SERVICES, BUCKET_SECONDS, bucketOf, createTally, type NumbersRow } from './tally.ts';

/** Stages of which the time since the commit says something. */
const TIMED = new Set(['captured', 'published', 'processed', 'forwarded']);
/** A report from later than this was made by a clock far off: it counts as of now. */
const MAX_AHEAD_MS = 60_000;

/** A new report and how it is counted. */
export interface CountedReport {
  readonly row: ReportRow;
  readonly counting: Counting;
}

/** What new reports, and events that all consumers are through with now, add to the numbers. */
export function countReports(
  reports: readonly CountedReport[],
  completed: readonly CompletedEvent[],
  { nowMs, oldestMs }: { readonly nowMs: number; readonly oldestMs: number },
): NumbersRow[] {
  const tally = createTally();
  const bucketAt = (atUs: number): number => {
    const atMs = atUs / 1000;
    const known = atMs >= oldestMs && atMs <= nowMs + MAX_AHEAD_MS;
    return bucketOf(known ? atMs : nowMs, BUCKET_SECONDS);
  };
  const stepSeconds = BUCKET_SECONDS;
  for (const { row, counting } of reports) {
    const { service, stage, atUs, occurredAtUs } = row;
    const { kind, weight } = counting;
    const latencyMs = TIMED.has(stage) ? (atUs - occurredAtUs) / 1000 : undefined;
    tally.add({ bucket: bucketAt(atUs), stepSeconds, service, stage, kind }, weight, latencyMs);
  }
  for (const { kind, atUs, occurredAtUs } of completed) {
    const bucket = bucketAt(atUs);
    const place = { bucket, stepSeconds, service: ALL_SERVICES, stage: 'processed', kind };
    tally.add(place, 1, (atUs - occurredAtUs) / 1000);
  }
  return tally.rows();
}
