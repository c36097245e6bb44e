import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { milliseconds } from '../../lib/format.ts';

/** How long the parts of the way took for the latest changes, in milliseconds, by edge; the oldest first. */
export type EdgeTimes = Readonly<Record<string, readonly number[]>>;

/** Changes that a median is of. */
const KEPT = 51;
/** Looked at of one batch: more would say the same. */
const MAX_REPORTS = 200;

/** The times with those of more reports. Edges are `read`, `written`, and the names of consumers. */
export function withReports(times: EdgeTimes, reports: readonly LiveEvent[]): EdgeTimes {
  const added: Record<string, number[]> = {};
  const add = (edge: string, us: number): void => {
    if (!Number.isFinite(us)) return;
    const ms = Math.max(0, us) / 1_000;
    added[edge] = [...(added[edge] ?? []), ms];
  };
  for (const { stage, service, attempt, occurredAtUs, durationUs, details } of reports.slice(
    -MAX_REPORTS,
  )) {
    if (details.snapshot === true) continue;
    if (stage === 'captured') {
      const decodedUs = Number(details.debeziumAtUs ?? Number.NaN);
      add('read', decodedUs - occurredAtUs);
      add('written', (details.brokerAtMs ?? Number.NaN) * 1_000 - decodedUs);
    }
    // The work of the step itself: when its record became readable, this report does not say.
    if (stage === 'processed' && attempt === 1 && durationUs !== null) add(service, durationUs);
  }
  const next: Record<string, readonly number[]> = { ...times };
  for (const [edge, values] of Object.entries(added)) {
    next[edge] = [...(times[edge] ?? []), ...values].slice(-KEPT);
  }
  return next;
}

/** The median of an edge; undefined while nothing is known. */
export function medianOf(times: EdgeTimes, edge: string): number | undefined {
  const values = times[edge];
  if (values === undefined || values.length === 0) return undefined;
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The same in words; empty while nothing is known. */
export function edgeLabel(times: EdgeTimes, edge: string): string {
  const median = medianOf(times, edge);
  return median === undefined ? '' : milliseconds(median);
}
