// What the monitor counts, as it answers it. Types only: browsers import it.

/**
 * What is counted apart: `live` changes and events; `snapshot` reads; steps after a `redrive` by hand; keys that a
 * `resync` swept.
 */
export type ReportKind = 'live' | 'snapshot' | 'redriven' | 'resync';

/** Percentiles in milliseconds, within 1 % of the true ones, of `count` values. */
export interface LatencyMs {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface ServiceNumbers {
  readonly service: string;
  readonly processedPerSecond: number;
  /** Failed attempts of all attempts, 0 to 1; null without any. */
  readonly errorRate: number | null;
  /** Commit to the end of the step; null without any. */
  readonly latencyMs: LatencyMs | null;
  /** Reports by stage. */
  readonly stages: Readonly<Record<string, number>>;
}

export interface KindNumbers {
  /** Changes captured and events published, per second. */
  readonly changesPerSecond: number;
  readonly errorRate: number | null;
  /** Commit to processed by the slowest of the consumers that read the event's topic. */
  readonly latencyMs: LatencyMs | null;
  readonly services: readonly ServiceNumbers[];
}

/** `GET /api/summary?window=`: what was live, and what is counted apart from it. */
export interface Summary extends KindNumbers {
  readonly windowSeconds: number;
  /** Unix milliseconds; from inclusive, to exclusive, in whole buckets of 10 s. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly apart: Readonly<Partial<Record<Exclude<ReportKind, 'live'>, KindNumbers>>>;
}

export const METRICS = ['throughput', 'processed', 'failed', 'errorRate', 'latency'] as const;
export type Metric = (typeof METRICS)[number];

export interface SeriesPoint {
  /** Begin of the step, Unix milliseconds. */
  readonly atMs: number;
  /** Per second, or the share for `errorRate`; for `latency` the median. Null: nothing was counted. */
  readonly value: number | null;
  /** Of `latency` only. */
  readonly latencyMs?: LatencyMs | null;
}

/** `GET /api/series?metric&from&to&step`. */
export interface Series {
  readonly metric: Metric;
  readonly stepSeconds: number;
  /** One line per service; the service `` is all together. */
  readonly lines: readonly { readonly service: string; readonly points: readonly SeriesPoint[] }[];
}

/** `GET /api/lag`: of each consumer and partition. */
export interface PartitionLagNumbers {
  readonly service: string;
  readonly topic: string;
  readonly partition: number;
  readonly messages: number;
  /** How long ago the oldest record that waits was written; 0 when none waits, null when it is not known. */
  readonly seconds: number | null;
}

export interface Lag {
  /** When the brokers were asked, Unix milliseconds. */
  readonly atMs: number;
  readonly partitions: readonly PartitionLagNumbers[];
}
