import type { Change } from '@shelfcast/schemas/change';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { changeFromManualEvent } from '@shelfcast/schemas/manual';
import { captureDetails, type ReportDetails, reportOf } from '@shelfcast/schemas/monitoring-event';
import { encodeManualPosition } from '@shelfcast/schemas/position';
import { isManualTopic } from '@shelfcast/schemas/topics';
import { ANYONE } from '@shelfcast/service-kit/auth/caller';
import type { SentRecord } from '@shelfcast/service-kit/kafka/types';
import type { AcceptedEvent } from './event.ts';

/** Who reports, in monitoring events. */
export const SERVICE = 'producer-api';

export interface ReportContext {
  /** INSTANCE_ID of this process. */
  readonly instance: string;
  /** Fields whose values reports do not show. */
  readonly maskedFields: ReadonlySet<string>;
  /** Unix microseconds. */
  readonly nowUs: bigint;
}

/** The `published` report of an event whose record is durable. The same event gives the same report id again. */
export function publishedReport(
  event: AcceptedEvent,
  sent: SentRecord,
  { instance, maskedFields, nowUs }: ReportContext,
): MonitoringEvent {
  const change = changeOf(event, sent, instance);
  return reportOf({
    change,
    stage: 'published',
    service: SERVICE,
    instance,
    atUs: nowUs,
    durationUs: nowUs - event.acceptedAtUs,
    details: {
      ...captureDetails(change, { maskedColumns: maskedFields }),
      ...senderOf(event),
    },
    ...(event.traceId === undefined ? {} : { traceId: event.traceId }),
  });
}

/** Who sent it, as far as that says more than that the API is open. */
function senderOf({ caller, source, sourceId: id }: AcceptedEvent): ReportDetails {
  return caller === ANYONE.name && id === undefined ? {} : { sender: { caller, source, id } };
}

/** The change that consumers will see; of a topic that none of ours knows, the event as it is. */
function changeOf(event: AcceptedEvent, sent: SentRecord, instance: string): Change {
  const { topic, partition, offset } = sent;
  const timestampMs = sent.timestampMs ?? Number(event.acceptedAtUs / 1000n);
  const known = isManualTopic(topic)
    ? changeFromManualEvent({
        ...{ instance, topic, partition, offset, timestampMs },
        value: event.value,
        headers: { ce_id: event.id },
      })
    : null;
  return {
    id: event.id,
    origin: 'manual',
    instance,
    entity: topic,
    op: 'update',
    before: null,
    after: event.value,
    position: encodeManualPosition(timestampMs, offset),
    epoch: 0n,
    source: null,
    debeziumAtUs: null,
    brokerAtMs: timestampMs,
    record: { topic, partition, offset },
    key: event.key,
    ...known,
    occurredAtUs: event.acceptedAtUs,
  };
}
