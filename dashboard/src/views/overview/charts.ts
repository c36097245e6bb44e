import type { Series, Summary } from '@shelfcast/schemas/monitor/numbers';
import type { ChartLine } from '../../components/chart-line.ts';
import { milliseconds, percent, perSecond } from '../../lib/format.ts';

/** What a chart shows. */
export interface ChartFacts {
  readonly timesMs: readonly number[];
  readonly lines: readonly ChartLine[];
  /** In words, with figures. */
  readonly summary: string;
  /** Whether there is anything to draw. */
  readonly hasData: boolean;
}

/** Changes per second, and failed attempts per second below them. */
export function throughputChart(throughput: Series, failed: Series): ChartFacts {
  const points = whole(throughput);
  const failures = new Map(whole(failed).map(({ atMs, value }) => [atMs, value ?? 0]));
  // Nothing counted is none of it; a step that only one of the two answers has is not known of the other.
  const changes = points.map(({ value }) => value ?? 0);
  const wrong = points.map(({ atMs }) => failures.get(atMs) ?? null);
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [
      { label: 'changes', color: 's1', values: changes, isArea: true },
      { label: 'failed attempts', color: 'bad', values: wrong },
    ],
    summary: `at most ${perSecond(Math.max(0, ...changes))} changes and ${perSecond(highest(wrong))} failed attempts`,
    hasData: points.length > 0,
  };
}

/** The percentiles of commit to handled by the slowest consumer, over time. */
export function latencyChart(series: Series): ChartFacts {
  const points = whole(series);
  const of = (name: 'p50' | 'p95' | 'p99') =>
    points.map(({ latencyMs }) => latencyMs?.[name] ?? null);
  const slowest = highest(of('p99'));
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [
      { label: 'p50', color: 's1', values: of('p50') },
      { label: 'p95', color: 's2', values: of('p95') },
      { label: 'p99', color: 's3', values: of('p99') },
    ],
    summary:
      slowest === 0
        ? 'nothing was handled'
        : `the slowest hundredth took ${milliseconds(slowest)} at most`,
    hasData: points.some(({ latencyMs }) => latencyMs != null),
  };
}

/** The share of attempts that failed, over time. */
export function errorChart(series: Series): ChartFacts {
  const points = whole(series);
  // Of no attempt at all there is no share that failed.
  const shares = points.map(({ value }) => value);
  const worst = highest(shares);
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [{ label: 'failed', color: 'bad', values: shares, isArea: true }],
    summary: worst === 0 ? 'none failed' : `${percent(worst)} at most`,
    hasData: shares.some((share) => share !== null),
  };
}

/** `p50 7 · p99 44 ms`, of the whole time. */
export function latencyFigure({ latencyMs }: Summary): string {
  if (latencyMs === null) return '';
  const { p50, p99 } = latencyMs;
  if (p99 >= 1_000) return `p50 ${seconds(p50)} · p99 ${seconds(p99)} s`;
  return `p50 ${Math.round(p50)} · p99 ${Math.round(p99)} ms`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function highest(values: readonly (number | null)[]): number {
  return Math.max(0, ...values.map((value) => value ?? 0));
}

function whole({ lines }: Series): Series['lines'][number]['points'] {
  return lines.find(({ service }) => service === '')?.points ?? [];
}
