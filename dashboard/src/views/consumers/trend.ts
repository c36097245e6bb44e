import { span } from '../../lib/format.ts';

/** How many records waited, and when. */
export interface LagSample {
  readonly atMs: number;
  readonly messages: number;
}

export type Trend =
  /** Too little is known yet. */
  | { readonly name: 'unknown' }
  | { readonly name: 'caughtUp' }
  | { readonly name: 'shrinking'; readonly perSecond: number; readonly caughtUpInMs: number }
  | { readonly name: 'growing'; readonly perSecond: number }
  | { readonly name: 'still' };

/** Samples older than this say little about now. */
const WINDOW_MS = 60_000;
/** Two looks of the monitor at the brokers; less is no trend. */
const MIN_SPAN_MS = 9_000;

/** The samples with one more; looks at the same moment count once. */
export function withSample(samples: readonly LagSample[], sample: LagSample): readonly LagSample[] {
  if (samples.at(-1)?.atMs === sample.atMs) return samples;
  return [...samples.filter(({ atMs }) => atMs > sample.atMs - WINDOW_MS), sample];
}

/** Where a lag is going, by its first and last sample. */
export function trendOf(samples: readonly LagSample[]): Trend {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined) return { name: 'unknown' };
  if (last.messages === 0) return { name: 'caughtUp' };
  const seconds = (last.atMs - first.atMs) / 1_000;
  if (seconds * 1_000 < MIN_SPAN_MS) return { name: 'unknown' };
  const perSecond = (last.messages - first.messages) / seconds;
  if (perSecond === 0) return { name: 'still' };
  if (perSecond > 0) return { name: 'growing', perSecond };
  return {
    name: 'shrinking',
    perSecond: -perSecond,
    caughtUpInMs: (last.messages / -perSecond) * 1_000,
  };
}

/** The trend as the end of a sentence; empty where there is nothing to add. */
export function describeTrend(trend: Trend): string {
  switch (trend.name) {
    case 'shrinking':
      return `it catches up in about ${atLeastSecond(trend.caughtUpInMs)} at the present rate`;
    case 'growing':
      return `it falls further behind, by ${rounded(trend.perSecond)} a second`;
    case 'still':
      return 'it stands still';
    default:
      return '';
  }
}

function atLeastSecond(ms: number): string {
  return span(Math.max(1_000, ms));
}

function rounded(perSecond: number): string {
  return perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond).toLocaleString('en-GB');
}
