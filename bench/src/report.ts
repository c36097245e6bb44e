import type { BurstResult, CatchUpResult } from './measure-burst.ts';
import { EFFECT_STAGE, FLOOR_STAGE, type LatencyResult } from './measure-latency.ts';
import { mib, ms, perSecond, table } from './view.ts';
import type { ComponentUsage } from './watch-usage.ts';

/** What a run found out; also the JSON in bench/results. */
export interface BenchResults {
  readonly startedAt: string;
  readonly machine: string;
  readonly latency: readonly LatencyResult[];
  readonly burst?: BurstResult;
  readonly catchUp?: CatchUpResult;
}

/** The whole result in words and tables. */
export function describeResults({ machine, latency, burst, catchUp }: BenchResults): string {
  return [
    machine,
    ...latency.map(describeLatency),
    ...(burst === undefined ? [] : [describeBurst(burst)]),
    ...(catchUp === undefined ? [] : [describeCatchUp(catchUp)]),
  ].join('\n\n');
}

function describeLatency(result: LatencyResult): string {
  const floor = result.stages.find(({ name }) => name === FLOOR_STAGE)?.latency;
  const ratio = (us: number, floorUs: number | undefined) =>
    floorUs === undefined || floorUs === 0 ? '' : (us / floorUs).toFixed(1);
  const rows = result.stages.map(({ name, latency }) => [
    name,
    ms(latency.p50Us),
    ms(latency.p95Us),
    ms(latency.p99Us),
    ms(latency.maxUs),
    ratio(latency.p50Us, floor?.p50Us),
    ratio(latency.p99Us, floor?.p99Us),
  ]);
  const { handling } = result;
  return [
    `Commit → …, ms, ${result.changes} changes at ${result.rate}/s${result.lowLatency ? ', LOW_LATENCY=1' : ''}`,
    table(['', 'p50', 'p95', 'p99', 'max', 'p50 × floor', 'p99 × floor'], rows),
    `Of "${EFFECT_STAGE}", inside the consumer: p50 ${ms(handling.p50Us)}, p99 ${ms(handling.p99Us)} ms`,
    describeUsage(result.usage, result.changes),
  ].join('\n');
}

function describeBurst(result: BurstResult): string {
  const rows = [
    ['committed by Postgres', perSecond(result.committed)],
    ['captured: appended by the broker', perSecond(result.captured)],
    ["effects durable in the catalogue's database", perSecond(result.sustained)],
    ['reference: bare replication client, alone', perSecond(result.floor)],
    ['reference: bare Kafka consumer, alone, undecoded', perSecond(result.rawRead)],
  ];
  return [
    `Burst of ${result.changes} changes, ${result.rowsPerTransaction} to a transaction`,
    table(['from the first commit on', 'changes'], rows),
    describeUsage(result.usage, result.changes),
  ].join('\n');
}

function describeCatchUp(result: CatchUpResult): string {
  return [
    `Catching up with a backlog of ${result.changes}: ${result.seconds.toFixed(1)} s from the start of the process, ` +
      `${perSecond(result.effectsPerSecond)} once at it`,
    describeUsage(result.usage, result.changes),
  ].join('\n');
}

function describeUsage(usage: readonly ComponentUsage[], changes: number): string {
  const rows = usage.map(({ component, cores, cpuMs, peakBytes, earlyBytes, lateBytes }) => [
    component,
    cores.toFixed(2),
    Math.round((cpuMs * 1000) / changes).toLocaleString('en'),
    mib(earlyBytes),
    mib(lateBytes),
    mib(peakBytes),
  ]);
  return table(['meanwhile', 'cores', 'CPU µs per change', 'memory early', 'late', 'peak'], rows);
}
