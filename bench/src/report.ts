import type { MachineNoise } from './machine-noise.ts';
import type { BurstResult, CatchUpResult } from './measure-burst.ts';
import { EFFECT_STAGE, FLOOR_STAGE, type LatencyResult } from './measure-latency.ts';
import type { MonitorResult } from './measure-monitor.ts';
import type { ProducerApiResult } from './measure-producer-api.ts';
import { mib, ms, perSecond, table } from './view.ts';
import type { ComponentUsage } from './watch-usage.ts';

/** What a run found out; also the JSON in bench/results. */
export interface BenchResults {
  readonly startedAt: string;
  readonly machine: string;
  readonly latency: readonly LatencyResult[];
  readonly burst?: BurstResult | undefined;
  readonly catchUp?: CatchUpResult | undefined;
  readonly producerApi?: ProducerApiResult | undefined;
  readonly monitor?: MonitorResult | undefined;
}

/** The whole result in words and tables. */
export function describeResults({
  machine,
  latency,
  burst,
  catchUp,
  producerApi,
  monitor,
}: BenchResults): string {
  return [
    machine,
    ...latency.map(describeLatency),
    ...(burst === undefined ? [] : [describeBurst(burst)]),
    ...(catchUp === undefined ? [] : [describeCatchUp(catchUp)]),
    ...(producerApi === undefined ? [] : [describeProducerApi(producerApi)]),
    ...(monitor === undefined ? [] : [describeMonitor(monitor)]),
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
    `Of "${EFFECT_STAGE}", inside the slowest consumer: p50 ${ms(handling.p50Us)}, p99 ${ms(handling.p99Us)} ms`,
    ...describeNoise(result.noise),
    describeUsage(result.usage, result.changesWatched),
  ].join('\n');
}

function describeNoise(noise: MachineNoise | undefined): string[] {
  if (noise === undefined) return [];
  const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
  return [
    `Of the machine's processor time ${percent(noise.used)} were used and ${percent(noise.stolen)} taken by its hypervisor`,
  ];
}

function describeBurst(result: BurstResult): string {
  const rows = [
    ['committed by Postgres', perSecond(result.committed)],
    ['captured: appended by the broker', perSecond(result.captured)],
    ['effects durable in every consumer', perSecond(result.sustained)],
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

function describeProducerApi(result: ProducerApiResult): string {
  return [
    `Producer API, ${result.connections} connections for ${result.seconds} s: ${perSecond(result.requestsPerSecond)}, ` +
      `p50 ${result.p50Ms} ms, p99 ${result.p99Ms} ms`,
    describeUsage(result.usage, result.requests),
  ].join('\n');
}

function describeMonitor(result: MonitorResult): string {
  return [
    `Monitor, a backlog of ${result.reports.toLocaleString('en')} reports: ${perSecond(result.reportsPerSecond)}, ` +
      `${Math.round(result.bytesPerReport)} bytes each on disk, ${((result.cpuMs * 1000) / result.reports).toFixed(0)} µs of the monitor's processor time each`,
    table(
      ['then, ms', 'p50', 'p99'],
      result.answers.map(({ what, p50Ms, p99Ms }) => [what, p50Ms.toFixed(1), p99Ms.toFixed(1)]),
    ),
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
