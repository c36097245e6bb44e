import type { MonitoringEvent, Stage } from '@shelfcast/schemas/generated/monitoring-event';
import { type ReportDetails, reportOf, reportOfRecord } from '@shelfcast/schemas/monitoring-event';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import type { HandlingError } from '@shelfcast/service-kit/kafka/types';
import type { Applied } from '../apply/apply-batch.ts';
import { type Delivery, isUnreadable, type Unreadable } from '../intake/delivery.ts';
import type { OutgoingMessage } from '../outbox/outbox.ts';
import { type Failure, failureOf } from '../parking/store.ts';
import type { Outcome } from '../positions/classify.ts';

/** Who reports: the consumer's name, and the process's INSTANCE_ID. */
export interface Reporter {
  readonly service: string;
  readonly instance: string;
}

/** What is reported about one entry. */
export interface Step {
  readonly stage: Stage;
  /** Milliseconds since the Unix epoch. */
  readonly atMs: number;
  readonly durationMs?: number;
  /** From 1, which is the default. */
  readonly attempt?: number;
  /** How often the key was redriven before; default 0. */
  readonly round?: number;
  readonly error?: Failure;
  readonly details?: ReportDetails;
}

const REASONS: Readonly<Partial<Record<Outcome, string>>> = {
  skipped: 'older than what was applied, or applied before',
  repeated: 'an event with this id was handled before',
  conflict: 'the key belongs to another origin',
};

/** The reports of what was not reported before; the times are ms since the Unix epoch. */
export function handledReports(
  reporter: Reporter,
  entries: readonly (Delivery | Unreadable)[],
  applied: readonly Applied[],
  { receivedAtMs, handledAtMs }: { readonly receivedAtMs: number; readonly handledAtMs: number },
): MonitoringEvent[] {
  const durationMs = handledAtMs - receivedAtMs;
  return entries.flatMap((entry, index) => {
    const { outcome = 'reported', error } = applied[index] ?? {};
    if (outcome === 'reported') return [];
    const report = (stage: Stage, more: Partial<Step> = {}): MonitoringEvent =>
      reportStep(reporter, entry, { stage, atMs: handledAtMs, durationMs, ...more });
    const reason = REASONS[outcome];
    if (reason !== undefined) return [report('skipped', { details: { reason } })];
    if (outcome !== 'parked') return [report('processed')];
    if (error === undefined) return [report('parked', { details: { reason: 'behind another' } })];
    return [report('failed', { error: failureOf(error) }), report('parked')];
  });
}

/** One step of a change, or of a record that could not be read, which is known by its place in the log. */
export function reportStep(
  { service, instance }: Reporter,
  entry: Delivery | Unreadable,
  step: Step,
): MonitoringEvent {
  const { stage, atMs, durationMs, attempt = 1, round = 0, error } = step;
  const common = {
    service,
    instance,
    stage,
    attempt,
    error,
  };
  const atUs = toMicroseconds(atMs);
  const durationUs = durationMs === undefined ? undefined : toMicroseconds(durationMs);
  if (isUnreadable(entry)) {
    const { record, key, changeId } = entry;
    return reportOfRecord({
      ...common,
      record,
      eventId: changeId,
      key,
      occurredAtUs: toMicroseconds(record.timestampMs),
      round,
      atUs,
      durationUs,
      details: step.details,
    });
  }
  const { change } = entry;
  return reportOf({
    ...common,
    change,
    round,
    atUs,
    durationUs,
    details: {
      entity: change.entity,
      op: change.op,
      snapshot: change.source?.snapshot ?? false,
      ...step.details,
    },
  });
}

/** A report as a message of the outbox: for steps that no Kafka offset is held back for. */
export function reportMessage(
  event: MonitoringEvent,
  encodeReport: (event: MonitoringEvent) => Buffer,
): OutgoingMessage {
  return { topic: MONITORING_TOPIC, key: event.eventId, value: encodeReport(event) };
}

/** A batch that could not be handled, named by the offset it begins at: none of its changes is to blame. */
export function failureReport(
  { service, instance }: Reporter,
  { topic, partition, offset, attempt, error }: Omit<HandlingError, 'retryDelayMs'>,
  nowMs: number,
): MonitoringEvent {
  const atUs = toMicroseconds(nowMs);
  return reportOfRecord({
    record: { topic, partition, offset },
    key: null,
    occurredAtUs: atUs,
    stage: 'failed',
    service,
    instance,
    atUs,
    attempt,
    error: failureOf(error),
  });
}

function toMicroseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
