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
export function throughputChart(
  throughput: Series | undefined,
  failed: Series | undefined,
): ChartFacts {
  const points = whole(throughput);
  const failures = new Map(whole(failed).map(({ atMs, value }) => [atMs, value]));
  // Nothing counted is none of it.
  const changes = points.map(({ value }) => value ?? 0);
  const wrong = points.map(({ atMs }) => failures.get(atMs) ?? 0);
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [
      { label: 'changes', color: 's1', values: changes, isArea: true },
      { label: 'failed attempts', color: 'bad', values: wrong },
    ],
    summary: `at most ${perSecond(Math.max(0, ...changes))} changes and ${perSecond(Math.max(0, ...wrong))} failed attempts`,
    hasData: points.length > 0,
  };
}

/** The percentiles of commit to handled by the slowest consumer, over time. */
export function latencyChart(series: Series | undefined): ChartFacts {
  const points = whole(series);
  const of = (name: 'p50' | 'p95' | 'p99') =>
    points.map(({ latencyMs }) => latencyMs?.[name] ?? null);
  const highest = Math.max(0, ...of('p99').map((value) => value ?? 0));
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [
      { label: 'p50', color: 's1', values: of('p50') },
      { label: 'p95', color: 's2', values: of('p95') },
      { label: 'p99', color: 's3', values: of('p99') },
    ],
    summary:
      highest === 0
        ? 'nothing was handled'
        : `the slowest hundredth took ${milliseconds(highest)} at most`,
    hasData: points.some(({ latencyMs }) => latencyMs != null),
  };
}

/** The share of attempts that failed, over time. */
export function errorChart(series: Series | undefined): ChartFacts {
  const points = whole(series);
  const shares = points.map(({ value }) => value ?? 0);
  const highest = Math.max(0, ...shares);
  return {
    timesMs: points.map(({ atMs }) => atMs),
    lines: [{ label: 'failed', color: 'bad', values: shares, isArea: true }],
    summary: highest === 0 ? 'none failed' : `${percent(highest)} at most`,
    hasData: points.length > 0,
  };
}

/** `p50 7 · p99 44 ms`, of the whole time. */
export function latencyFigure(summary: Summary | undefined): string {
  const latency = summary?.latencyMs;
  if (latency == null) return '';
  const { p50, p99 } = latency;
  if (p99 >= 1_000) return `p50 ${seconds(p50)} · p99 ${seconds(p99)} s`;
  return `p50 ${Math.round(p50)} · p99 ${Math.round(p99)} ms`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(2);
}

function whole(series: Series | undefined): Series['lines'][number]['points'] {
  return series?.lines.find(({ service }) => service === '')?.points ?? [];
}
