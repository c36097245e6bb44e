import type {
  KindNumbers,
  LatencyMs,
  ReportKind,
  ServiceNumbers,
  Summary,
} from '@shelfcast/schemas/monitor/numbers';
import { groupBy } from '@shelfcast/service-kit/group-by';
import { createSketch, type Sketch } from './sketch.ts';
import { ALL_SERVICES, type ReadRow } from './tally.ts';

const APART = ['snapshot', 'redriven', 'resync'] as const satisfies readonly ReportKind[];
/** Attempts at an event: those that failed, and those after which a consumer was through. */
const TRIED = ['processed', 'skipped', 'failed'];
const COMMITTED = ['captured', 'published'];

/** What numbers say of a time, in seconds since 1970. */
export function summarize(
  rows: readonly ReadRow[],
  { from, to }: { readonly from: number; readonly to: number },
): Summary {
  const ofKind = (kind: ReportKind) => rows.filter((row) => row.kind === kind);
  const apart: Partial<Record<(typeof APART)[number], KindNumbers>> = {};
  for (const kind of APART) {
    const own = ofKind(kind);
    if (own.length > 0) apart[kind] = kindNumbers(own, to - from);
  }
  return {
    windowSeconds: to - from,
    fromMs: from * 1000,
    toMs: to * 1000,
    ...kindNumbers(ofKind('live'), to - from),
    apart,
  };
}

function kindNumbers(rows: readonly ReadRow[], seconds: number): KindNumbers {
  const own = rows.filter(({ service }) => service !== ALL_SERVICES);
  return {
    changesPerSecond: countOf(own, COMMITTED) / seconds,
    errorRate: errorRateOf(own),
    latencyMs: latencyOf(
      rows.filter(({ service, stage }) => service === ALL_SERVICES && stage === 'processed'),
    ),
    services: [...groupBy(own, ({ service }) => service)]
      .map(([service, rowsOfIt]) => serviceNumbers(service, rowsOfIt, seconds))
      .sort((a, b) => (a.service < b.service ? -1 : 1)),
  };
}

function serviceNumbers(
  service: string,
  rows: readonly ReadRow[],
  seconds: number,
): ServiceNumbers {
  const stages: Record<string, number> = {};
  for (const { stage, count } of rows) stages[stage] = (stages[stage] ?? 0) + count;
  return {
    service,
    processedPerSecond: countOf(rows, ['processed']) / seconds,
    errorRate: errorRateOf(rows),
    latencyMs: latencyOf(rows.filter(({ stage }) => stage === 'processed')),
    stages,
  };
}

/** How many reports of these stages there are. */
export function countOf(rows: readonly ReadRow[], stages: readonly string[]): number {
  return rows.reduce((sum, { stage, count }) => (stages.includes(stage) ? sum + count : sum), 0);
}

/** Failed attempts of all attempts; null without any. */
export function errorRateOf(rows: readonly ReadRow[]): number | null {
  const tried = countOf(rows, TRIED);
  return tried === 0 ? null : countOf(rows, ['failed']) / tried;
}

/** Percentiles of all that the rows count; null without any. */
export function latencyOf(rows: readonly ReadRow[]): LatencyMs | null {
  const sketch = rows.reduce<Sketch>((sum, { latency }) => {
    if (latency !== null) sum.merge(latency);
    return sum;
  }, createSketch());
  if (sketch.count === 0) return null;
  return {
    count: sketch.count,
    p50: sketch.getValueAtQuantile(0.5),
    p95: sketch.getValueAtQuantile(0.95),
    p99: sketch.getValueAtQuantile(0.99),
  };
}
