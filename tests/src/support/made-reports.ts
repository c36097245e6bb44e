import type { MonitoringEvent, Stage } from '@shelfcast/schemas/generated/monitoring-event';
import { reportId } from '@shelfcast/schemas/monitoring-event';

/** What is said of one step of an event that never was. */
export interface MadeStep {
  readonly eventId: string;
  readonly topic: string;
  readonly service: string;
  readonly stage: Stage;
  readonly key?: string;
  /** Unix microseconds. */
  readonly occurredAtUs: number;
  readonly afterMs: number;
  readonly attempt?: number;
  readonly round?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A report as the pipeline makes them. */
export function madeReport(step: MadeStep): MonitoringEvent {
  const { eventId, topic, service, stage, key, occurredAtUs, attempt = 1, round = 0 } = step;
  const details = { entity: 'made', op: 'update', snapshot: false, ...step.details };
  return {
    id: reportId({ eventId, service, stage, attempt, round }),
    ...{ eventId, stage, service, topic, attempt },
    instance: 'made',
    partition: 0,
    offset: 1n,
    key: key ?? eventId,
    occurredAt: BigInt(occurredAtUs),
    at: BigInt(Math.round(occurredAtUs + step.afterMs * 1000)),
    durationUs: 1_000n,
    error: stage === 'failed' ? { type: 'MadeUp', message: 'it failed on purpose' } : null,
    traceId: null,
    details: JSON.stringify(details),
  };
}
