import { build } from 'hdr-histogram-js';

/** A distribution in microseconds. */
export interface Latency {
  readonly count: number;
  readonly p50Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

const LONGEST_US = 3_600_000_000;

/** Negative values, which two clocks of different grain can give, count as nothing. */
export function latencyOf(valuesUs: Iterable<number>): Latency {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
  for (const value of valuesUs) {
    histogram.recordValue(Math.min(LONGEST_US, Math.max(0, Math.round(value))));
  }
  return {
    count: histogram.totalCount,
    p50Us: histogram.getValueAtPercentile(50),
    p95Us: histogram.getValueAtPercentile(95),
    p99Us: histogram.getValueAtPercentile(99),
    maxUs: histogram.maxValue,
  };
}
