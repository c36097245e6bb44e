import type { Metric, Series, SeriesPoint } from '@shelfcast/schemas/monitor/numbers';
import { groupBy } from '@shelfcast/service-kit/group-by';
import { countOf, errorRateOf, latencyOf } from './summarize.ts';
import { ALL_SERVICES, bucketOf, type ReadRow } from './tally.ts';

const COMMITTED = ['captured', 'published'];

/**
 * A metric of what was live over time, for each service and for all together.
 * @param rows of the buckets from `from` to `to`, seconds since 1970, which are multiples of the step
 */
export function seriesOf(
  metric: Metric,
  rows: readonly ReadRow[],
  {
    from,
    to,
    stepSeconds,
  }: { readonly from: number; readonly to: number; readonly stepSeconds: number },
): Series {
  const live = rows.filter(({ kind }) => kind === 'live');
  const lines = groupBy(live, ({ service }) => service);
  // What is counted over all services is there under no service's name; of latency that is the slowest of each event.
  const together =
    metric === 'latency'
      ? (lines.get(ALL_SERVICES) ?? [])
      : live.filter(({ service }) => service !== ALL_SERVICES);
  lines.set(ALL_SERVICES, together);
  return {
    metric,
    stepSeconds,
    lines: [...lines]
      .map(([service, own]) => {
        const steps = groupBy(own, ({ bucket }) => bucketOf(bucket * 1000, stepSeconds));
        const points: SeriesPoint[] = [];
        for (let at = from; at < to; at += stepSeconds) {
          points.push({ atMs: at * 1000, ...pointOf(metric, steps.get(at) ?? [], stepSeconds) });
        }
        return { service, points };
      })
      .sort((a, b) => (a.service < b.service ? -1 : 1)),
  };
}

function pointOf(
  metric: Metric,
  rows: readonly ReadRow[],
  stepSeconds: number,
): Omit<SeriesPoint, 'atMs'> {
  switch (metric) {
    case 'throughput':
      return { value: countOf(rows, COMMITTED) / stepSeconds };
    case 'processed':
      return { value: countOf(rows, ['processed']) / stepSeconds };
    case 'failed':
      return { value: countOf(rows, ['failed']) / stepSeconds };
    case 'errorRate':
      return { value: errorRateOf(rows) };
    case 'latency': {
      const latencyMs = latencyOf(rows.filter(({ stage }) => stage === 'processed'));
      return { value: latencyMs?.p50 ?? null, latencyMs };
    }
  }
}
