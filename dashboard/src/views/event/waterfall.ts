import type { Timeline, TimelineStage } from '@shelfcast/schemas/monitor/timeline';

/** How a step is drawn: on the way to Kafka, at its end, on hold, in need of a decision, or not come yet. */
export type BarKind = 'way' | 'done' | 'waits' | 'bad' | 'missing';

/** A step as a line of the waterfall. Shares are of the whole width, 0 to 1. */
export interface Bar {
  readonly id: string;
  readonly stage: string;
  readonly service: string;
  readonly kind: BarKind;
  /** Where what it followed ended. */
  readonly left: number;
  readonly width: number;
  /** The part of the width at its end in which the step itself was done; the rest is waiting. */
  readonly work: number;
  readonly sinceCommitMs: number | null;
  readonly gapMs: number | null;
  /** Of the step itself, where it was reported. */
  readonly workMs: number | null;
  readonly after: string | null;
  readonly clockSkewMs: number;
  readonly step: TimelineStage | null;
}

export interface Tick {
  readonly ms: number;
  /** 0 to 1. */
  readonly share: number;
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly ticks: readonly Tick[];
  /** Commit to the end of the last step. */
  readonly totalMs: number;
  /** Whether equal widths stand for equal factors: an event that waited long would hide all before. */
  readonly isLogarithmic: boolean;
}

/** The way is this many times longer than its first part before the scale is a logarithmic one. */
const LONG_WAIT = 20;
/** Drawn at least this wide, or it could not be seen. */
const MIN_WIDTH = 0.004;
const KINDS: Readonly<Record<string, BarKind>> = {
  processed: 'done',
  skipped: 'done',
  discarded: 'done',
  forwarded: 'done',
  redriven: 'way',
  failed: 'bad',
  deadLettered: 'bad',
  parked: 'waits',
};

/** Where each step of an event is drawn: first the way to Kafka, then each consumer, in the order they ended. */
export function layOut(timeline: Timeline): Waterfall {
  const { stages, missing } = timeline;
  const totalMs = Math.max(0, ...stages.map(({ sinceCommitMs }) => sinceCommitMs));
  const isLogarithmic = isLong(stages, totalMs);
  const shareOf = scale(totalMs, isLogarithmic);
  const readable = stages.findLast(({ stage }) => stage === 'appended') ?? stages[0];
  const bars = inOrder(stages).map((step, index): Bar => {
    const left = shareOf(step.sinceCommitMs - step.gapMs);
    const right = shareOf(step.sinceCommitMs);
    const workMs = step.report?.durationUs == null ? null : step.report.durationUs / 1_000;
    const began = shareOf(Math.max(step.sinceCommitMs - (workMs ?? 0), 0));
    const width = Math.max(right - left, MIN_WIDTH);
    return {
      id: `${index} ${step.stage} ${step.service}`,
      stage: step.stage,
      service: step.service,
      kind: KINDS[step.stage] ?? 'way',
      left: Math.min(left, 1 - width),
      width,
      work: workOf({ step, left, right, began }),
      sinceCommitMs: step.sinceCommitMs,
      gapMs: step.gapMs,
      workMs,
      after: step.after?.stage ?? null,
      clockSkewMs: step.clockSkewMs,
      step,
    };
  });
  const waiting = missing.map(({ stage, service }): Bar => {
    const left = stage === 'captured' ? 0 : shareOf(readable?.sinceCommitMs ?? 0);
    return {
      id: `missing ${stage} ${service}`,
      stage,
      service,
      kind: 'missing',
      left: Math.min(left, 1 - MIN_WIDTH),
      width: Math.max(1 - left, MIN_WIDTH),
      work: 0,
      sinceCommitMs: null,
      gapMs: null,
      workMs: null,
      after: readable?.stage ?? null,
      clockSkewMs: 0,
      step: null,
    };
  });
  return {
    bars: [...bars, ...waiting],
    ticks: ticksOf(totalMs, isLogarithmic, shareOf),
    totalMs,
    isLogarithmic,
  };
}

/** Of a consumer's step that does not say how long it took, only the end is known; all before is waiting. */
function workOf({
  step,
  left,
  right,
  began,
}: {
  readonly step: TimelineStage;
  readonly left: number;
  readonly right: number;
  readonly began: number;
}): number {
  if (isOnTheWay(step) || right <= left) return 1;
  if (step.report?.durationUs == null) return 0;
  return Math.min(1, (right - began) / (right - left));
}

function isOnTheWay({ report, stage }: TimelineStage): boolean {
  return report === null || stage === 'captured' || stage === 'published';
}

/** Steps before any consumer by their time, then those of each consumer together. */
function inOrder(stages: readonly TimelineStage[]): TimelineStage[] {
  const services = new Map<string, TimelineStage[]>();
  const way: TimelineStage[] = [];
  for (const step of stages) {
    if (isOnTheWay(step)) way.push(step);
    else services.set(step.service, [...(services.get(step.service) ?? []), step]);
  }
  return [...way, ...[...services.values()].flat()];
}

/** Whether something came long after everything else. */
function isLong(stages: readonly TimelineStage[], totalMs: number): boolean {
  const firstEnd = stages.find(({ report, stage }) => report !== null && stage !== 'captured');
  const scaleMs = Math.max(firstEnd?.sinceCommitMs ?? totalMs, 1);
  return totalMs / scaleMs > LONG_WAIT;
}

function scale(totalMs: number, isLogarithmic: boolean): (ms: number) => number {
  if (totalMs <= 0) return () => 0;
  const within = (ms: number): number => Math.min(Math.max(ms, 0), totalMs);
  return isLogarithmic
    ? (ms) => Math.log1p(within(ms)) / Math.log1p(totalMs)
    : (ms) => within(ms) / totalMs;
}

const STEPS_MS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000,
  60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000,
];
/** Powers people know by name. */
const MARKS_MS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 86_400_000];
const TICKS = 4;

function ticksOf(totalMs: number, isLogarithmic: boolean, shareOf: (ms: number) => number): Tick[] {
  if (totalMs <= 0) return [];
  if (isLogarithmic) {
    return spread(MARKS_MS.filter((ms) => ms < totalMs).map((ms) => ({ ms, share: shareOf(ms) })));
  }
  const step = STEPS_MS.find((ms) => totalMs / ms <= TICKS) ?? totalMs / TICKS;
  const count = Math.floor(totalMs / step);
  return [...Array(count).keys()].map((index) => {
    const ms = step * (index + 1);
    return { ms, share: shareOf(ms) };
  });
}

/** Those that leave each other room. */
function spread(ticks: readonly Tick[]): Tick[] {
  const kept: Tick[] = [];
  for (const tick of ticks) {
    const last = kept.at(-1)?.share ?? 0;
    if (tick.share - last >= 0.1) kept.push(tick);
  }
  return kept;
}
