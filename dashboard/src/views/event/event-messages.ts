import type { Timeline, TimelineService, TimelineStage } from '@shelfcast/schemas/monitor/timeline';
import { count, milliseconds, span } from '../../lib/format.ts';
import { hrefOf } from '../../lib/routes.ts';

/** Something to know about an event, and what to do about it. */
export interface Note {
  readonly kind: 'ok' | 'warn' | 'bad' | 'plain';
  readonly title: string;
  readonly summary: string;
  readonly action?: { readonly label: string; readonly href: string };
}

/** A report takes this long at most while everything runs. */
const PATIENCE_MS = 5_000;

/** What the state of an event means, the most pressing first. */
export function notesOf(timeline: Timeline, nowMs: number): Note[] {
  const { services, key, missing, committedAtUs } = timeline;
  const ageMs = Math.max(0, nowMs - committedAtUs / 1_000);
  const of = (state: TimelineService['state']) =>
    services.filter((service) => service.state === state && service.expected);
  const notes: Note[] = [];
  for (const { service } of of('deadLettered')) {
    const failure = lastFailure(timeline, service);
    notes.push({
      kind: 'bad',
      title: `${service} needs a decision`,
      summary: `${describeFailure(failure)} It is not tried again by itself: mend the cause or edit the record, then redrive it. Later changes of ${key ?? 'this key'} wait behind it in order; other keys are not delayed.`,
      action: deadLetters(service, key),
    });
  }
  for (const { service } of of('waiting')) {
    const failure = lastFailure(timeline, service);
    notes.push({
      kind: 'warn',
      title: `${service} tries again${attemptOf(failure)}`,
      summary: `${describeFailure(failure)} Later changes of ${key ?? 'this key'} wait behind it in order; other keys are not delayed, and nothing is lost.`,
      action: deadLetters(service, key),
    });
  }
  const late = of('missing').map(({ service }) => service);
  if (late.length > 0) {
    const isLate = ageMs > PATIENCE_MS;
    notes.push({
      kind: isLate ? 'bad' : 'plain',
      title: `${list(late)} ${late.length === 1 ? 'has' : 'have'} not reported ${isLate ? `for ${span(ageMs)}` : 'yet'}`,
      summary: isLate
        ? 'Stopped, paused or behind: the change stays in Kafka and is handled when it goes on.'
        : 'It takes a moment.',
      ...(isLate ? { action: { label: 'See the consumers', href: hrefOf('consumers') } } : {}),
    });
  }
  if (missing.some(({ stage }) => stage === 'captured')) {
    notes.push({
      kind: 'plain',
      title: 'The report of its capture is missing',
      summary:
        'When it was read from the database and what changed is not known here; the record itself may still be.',
    });
  }
  if (timeline.clockSkew) notes.push(skewNote(timeline.stages));
  if (timeline.complete && services.length === 0) {
    notes.push({
      kind: 'plain',
      title: 'No consumer reads this topic',
      summary: `Nothing acts on what is written to ${timeline.topic}; it is kept there all the same.`,
      action: { label: 'See the topic', href: hrefOf('topic', { id: timeline.topic }) },
    });
  } else if (timeline.complete) {
    const times = services.flatMap(({ sinceCommitMs: ms }) => (ms === null ? [] : [ms]));
    notes.push({
      kind: 'ok',
      title: `Through everywhere after ${milliseconds(Math.max(0, ...times))}`,
      summary: describeEnds(services),
    });
  }
  return notes;
}

/** What a step is called, and whose it is. */
export function describeStep({
  stage,
  service,
  attempt,
}: {
  readonly stage: string;
  readonly service: string;
  readonly attempt: number;
}): { readonly name: string; readonly who: string } {
  const again = attempt > 1 ? `, attempt ${count(attempt)}` : '';
  switch (stage) {
    case 'committed':
      return { name: 'committed', who: 'database' };
    case 'accepted':
      return { name: 'accepted', who: 'producer API' };
    case 'decoded':
      return { name: 'read', who: 'Debezium' };
    case 'appended':
      return { name: 'readable', who: 'Kafka' };
    case 'captured':
      return { name: 'seen', who: 'capture report' };
    case 'published':
      return { name: 'published', who: 'producer API' };
    case 'processed':
      return { name: service, who: `done${again}` };
    case 'skipped':
      return { name: service, who: 'nothing to do' };
    case 'failed':
      return { name: service, who: `failed${again}` };
    case 'parked':
      return { name: service, who: 'put aside' };
    case 'deadLettered':
      return { name: service, who: 'dead letter' };
    case 'redriven':
      return { name: service, who: 'redriven' };
    case 'discarded':
      return { name: service, who: 'discarded' };
    case 'forwarded':
      return { name: service, who: 'forwarded' };
    default:
      return { name: service, who: stage };
  }
}

function lastFailure({ stages }: Timeline, service: string): TimelineStage | undefined {
  return stages.findLast((step) => step.service === service && step.report?.error != null);
}

function describeFailure(failure: TimelineStage | undefined): string {
  const error = failure?.report?.error;
  if (error == null) return 'Why is not reported.';
  return `${error.type}: ${error.message.replace(/\.?$/, '.')}`;
}

function attemptOf(failure: TimelineStage | undefined): string {
  const attempt = failure?.report?.attempt;
  return attempt === undefined ? '' : ` after attempt ${count(attempt)}`;
}

function deadLetters(consumer: string, key: string | null): NonNullable<Note['action']> {
  return {
    label: 'Inspect, edit and redrive',
    href: hrefOf('deadLetters', { query: { consumer, q: key } }),
  };
}

function skewNote(stages: readonly TimelineStage[]): Note {
  const worst = stages.reduce((a, b) => (b.clockSkewMs > a.clockSkewMs ? b : a));
  const before = worst.after === null ? 'the step before' : worst.after.service;
  return {
    kind: 'warn',
    title: 'Two clocks disagree',
    summary: `${worst.service} says it ended ${milliseconds(worst.clockSkewMs)} before ${before} did, which it followed. Gaps between them are shown as 0; check the time synchronisation of the two machines.`,
  };
}

function describeEnds(services: readonly TimelineService[]): string {
  const ended = services.filter(({ sinceCommitMs }) => sinceCommitMs !== null);
  const idle = ended.filter(({ state }) => state === 'skipped').map(({ service }) => service);
  const dropped = ended.filter(({ state }) => state === 'discarded').map(({ service }) => service);
  const applied = ended.filter(({ state }) => state === 'processed').map(({ service }) => service);
  return [
    applied.length > 0 ? `Applied by ${list(applied)}.` : '',
    idle.length > 0 ? `Nothing to do for ${list(idle)}.` : '',
    dropped.length > 0 ? `Discarded by hand for ${list(dropped)}.` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** `a`, `a and b`, `a, b and c`. */
export function list(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

export interface About {
  /** `row update`, `manual event`, … */
  readonly kind: string;
  readonly changesTitle: string;
  /** Whether it was published by a system, not captured. */
  readonly isManual: boolean;
  /** Whether its key is a product's id. */
  readonly isProduct: boolean;
}

const OPS: Readonly<Record<string, string>> = {
  create: 'row insert',
  update: 'row update',
  delete: 'row delete',
  read: 'snapshot read',
  truncate: 'truncate',
};
const CHANGES: Readonly<Record<string, string>> = {
  create: 'The new row',
  delete: 'The row that was deleted',
  read: 'The row',
  truncate: 'Every row was deleted',
};
/** Entities whose events have a product's id as their key. */
const OF_PRODUCTS = new Set(['products', 'product_updates', 'product_discounts']);

/** What kind of event a timeline is of, in words. */
export function aboutOf(timeline: Timeline): About {
  const reports = timeline.stages.flatMap(({ report }) => (report === null ? [] : [report]));
  const source = reports.find(({ stage }) => stage === 'captured' || stage === 'published');
  const details = (source ?? reports[0])?.details ?? {};
  const isManual = timeline.stages.some(({ stage }) => stage === 'accepted');
  const op = details.op ?? '';
  return {
    isManual,
    kind: isManual ? 'manual event' : kindWord(op),
    changesTitle: isManual ? 'What was sent' : (CHANGES[op] ?? 'Changed'),
    isProduct: OF_PRODUCTS.has(details.entity ?? ''),
  };
}

/** `row update` and the like, of a change's `op`. */
export function kindWord(op: string | undefined): string {
  return OPS[op ?? ''] ?? 'change';
}
