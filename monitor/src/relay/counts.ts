import type { Stage } from '@shelfcast/schemas/generated/monitoring-event';
import type { LiveSummary } from '@shelfcast/schemas/monitor/live';
import type { Entry } from './recent.ts';

/** Counts what went by, for the summary of the last seconds. */
export interface Counts {
  add(entries: readonly Entry[]): void;
  summary(clients: number): LiveSummary;
}

const SECONDS = 10;
/** Of one second; enough for percentiles to look at, however much goes by. */
const MAX_SAMPLES = 1_000;
const FAILURES: ReadonlySet<Stage> = new Set<Stage>(['failed', 'parked', 'deadLettered']);

interface Second {
  readonly second: number;
  readonly stages: Map<string, Map<Stage, number>>;
  reports: number;
  failures: number;
  readonly latenciesMs: number[];
}

export function createCounts(nowMs: () => number): Counts {
  let seconds: Second[] = [];

  function current(): Second {
    const second = Math.floor(nowMs() / 1_000);
    const last = seconds.at(-1);
    if (last?.second === second) return last;
    const begun = { second, stages: new Map(), reports: 0, failures: 0, latenciesMs: [] };
    seconds = [...seconds.filter((past) => past.second >= second - SECONDS), begun];
    return begun;
  }

  return {
    add(entries) {
      const now = current();
      now.reports += entries.length;
      for (const { event } of entries) {
        const { service, stage, occurredAtUs, atUs, details } = event;
        const stages = now.stages.get(service) ?? new Map<Stage, number>();
        now.stages.set(service, stages.set(stage, (stages.get(stage) ?? 0) + 1));
        if (FAILURES.has(stage)) now.failures += 1;
        if (stage !== 'processed' || details.snapshot === true) continue;
        if (now.latenciesMs.length < MAX_SAMPLES) {
          now.latenciesMs.push(Math.max(0, atUs - occurredAtUs) / 1_000);
        }
      }
    },
    summary(clients) {
      const { second } = current();
      // The second that has only begun would make every figure too small.
      const whole = seconds.filter(
        (past) => past.second < second && past.second >= second - SECONDS,
      );
      const rate = (count: number): number => count / SECONDS;
      const services: Record<string, Partial<Record<Stage, number>>> = {};
      for (const { stages } of whole) {
        for (const [service, counts] of stages) {
          const sums = services[service] ?? {};
          services[service] = sums;
          for (const [stage, count] of counts) sums[stage] = (sums[stage] ?? 0) + rate(count);
        }
      }
      return {
        atMs: nowMs(),
        reportsPerSecond: rate(whole.reduce((sum, { reports }) => sum + reports, 0)),
        failuresPerSecond: rate(whole.reduce((sum, { failures }) => sum + failures, 0)),
        services,
        latencyMs: percentiles(whole.flatMap(({ latenciesMs }) => latenciesMs)),
        clients,
      };
    },
  };
}

function percentiles(values: number[]): LiveSummary['latencyMs'] {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
