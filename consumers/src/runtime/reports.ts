import type { Change } from '@shelfcast/schemas/change';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { reportId, reportOf } from '@shelfcast/schemas/monitoring-event';
import type { HandlingError } from '@shelfcast/service-kit/kafka/types';
import type { Outcome } from './guard.ts';

/** Who reports: the consumer's name, and the process's INSTANCE_ID. */
export interface Reporter {
  readonly service: string;
  readonly instance: string;
}

/** One report for each change that was not reported before; the times are ms since the Unix epoch. */
export function handledReports(
  { service, instance }: Reporter,
  changes: readonly Change[],
  outcomes: readonly Outcome[],
  { receivedAtMs, handledAtMs }: { readonly receivedAtMs: number; readonly handledAtMs: number },
): MonitoringEvent[] {
  return changes.flatMap((change, index) => {
    const stage = outcomes[index];
    if (stage !== 'processed' && stage !== 'skipped') return [];
    return [
      reportOf({
        change,
        stage,
        service,
        instance,
        atUs: toMicroseconds(handledAtMs),
        durationUs: toMicroseconds(handledAtMs - receivedAtMs),
        details: {
          entity: change.entity,
          op: change.op,
          snapshot: change.source?.snapshot ?? false,
          ...(stage === 'skipped' ? { reason: 'older than what was applied' } : {}),
        },
      }),
    ];
  });
}

/** A batch that could not be handled, named by the offset it begins at: which change failed is not known yet. */
export function failureReport(
  { service, instance }: Reporter,
  { topic, partition, offset, attempt, error }: HandlingError,
  nowMs: number,
): MonitoringEvent {
  const eventId = `${topic}/${partition}/${offset}`;
  return {
    id: reportId({ eventId, service, stage: 'failed', attempt }),
    eventId,
    stage: 'failed',
    service,
    instance,
    topic,
    partition,
    offset,
    key: null,
    occurredAt: toMicroseconds(nowMs),
    at: toMicroseconds(nowMs),
    durationUs: null,
    attempt,
    error: {
      type: error instanceof Error ? error.name : 'Error',
      message: error instanceof Error ? error.message : String(error),
    },
    traceId: null,
    details: null,
  };
}

function toMicroseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1000));
}
