import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import type { Entry } from './recent.ts';

/** A report and where it stands in `monitoring`. */
export function toEntry(event: MonitoringEvent, { partition, offset }: KafkaRecord): Entry {
  return { partition, offset, event: toLiveEvent(event) };
}

/** A report in numbers that JSON can hold; microseconds since 1970 are exact in a double until the year 2255. */
function toLiveEvent(event: MonitoringEvent): LiveEvent {
  return {
    id: event.id,
    eventId: event.eventId,
    stage: event.stage,
    service: event.service,
    instance: event.instance,
    topic: event.topic,
    partition: event.partition,
    offset: event.offset === null ? null : String(event.offset),
    key: event.key,
    occurredAtUs: Number(event.occurredAt),
    atUs: Number(event.at),
    durationUs: event.durationUs === null ? null : Number(event.durationUs),
    attempt: event.attempt,
    error: event.error,
    traceId: event.traceId,
    details: parseDetails(event),
  };
}
