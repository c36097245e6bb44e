import { cloudEventHeaders } from '@shelfcast/schemas/cloud-event';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { formatTraceparent, TRACEPARENT_HEADER, traceIdOf } from '@shelfcast/schemas/trace-context';
import type { Clock } from '@shelfcast/service-kit/clock';
import { KafkaError, KafkaSendError } from '@shelfcast/service-kit/kafka/errors';
import type { KafkaProducer, RecordToSend, SentRecord } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { publishedSpanId, type Tracing } from '@shelfcast/service-kit/tracing/tracing';
import type { AcceptedEvent, Receipt } from './event.ts';
import { publishedReport, SERVICE } from './report.ts';

export interface PublisherOptions {
  readonly producer: Pick<KafkaProducer, 'send'>;
  readonly monitoring: Pick<MonitoringPublisher, 'report'>;
  readonly instance: string;
  readonly maskedFields: ReadonlySet<string>;
  readonly tracing: Tracing | undefined;
  readonly clock: Clock;
}

export interface Publisher {
  /**
   * Writes events and then their reports. An event has a receipt when all in-sync replicas have both; else the
   * error says whether trying again can help. One that fails does not keep the others from being written.
   * Both requests end by the producers' delivery timeouts; nothing is written later.
   * @returns in the order given
   */
  publish(events: readonly AcceptedEvent[]): Promise<(Receipt | KafkaError)[]>;
}

export function createPublisher(options: PublisherOptions): Publisher {
  const { producer, monitoring, instance, maskedFields, tracing, clock } = options;
  const source = `/shelfcast/${encodeURIComponent(instance)}/${SERVICE}`;

  return {
    async publish(events) {
      const sent = await settled(
        events.length,
        producer.send(events.map((event) => recordOf(event, source, tracing))),
      );
      const nowUs = BigInt(Math.round(clock() * 1000));
      const reports: MonitoringEvent[] = [];
      const outcomes = events.map((event, index) => {
        const result = sent[index] ?? unanswered();
        if (result instanceof KafkaError) return result;
        const published = publishedReport(event, result, { instance, maskedFields, nowUs });
        const report = tracing?.identify(published) ?? published;
        tracing?.step(report, event.parentSpanId);
        reports.push(report);
        return { receipt: receiptOf(event, result), report: reports.length - 1 };
      });
      const reported = await settled(
        reports.length,
        monitoring.report(reports).then(() => undefined),
      );
      return outcomes.map((outcome) => {
        if (outcome instanceof KafkaError) return outcome;
        const report = reported[outcome.report];
        return report instanceof KafkaError ? report : outcome.receipt;
      });
    },
  };
}

/** The result of each record of a send; undefined where there is nothing but that it succeeded. */
async function settled(
  count: number,
  sending: Promise<readonly SentRecord[] | undefined>,
): Promise<readonly (SentRecord | KafkaError | undefined)[]> {
  try {
    return (await sending) ?? [];
  } catch (error) {
    if (error instanceof KafkaSendError) return error.results;
    if (error instanceof KafkaError) return Array.from({ length: count }, () => error);
    throw error;
  }
}

/** With tracing, the reader of the record continues the span of its publication. */
function recordOf(
  event: AcceptedEvent,
  source: string,
  tracing: Tracing | undefined,
): RecordToSend {
  const { id, topic, key, bytes, type, subject, acceptedAtUs } = event;
  return {
    topic,
    key,
    value: bytes,
    headers: {
      ...event.headers,
      ...(tracing === undefined ? {} : { [TRACEPARENT_HEADER]: publishedTrace(event) }),
      ...cloudEventHeaders({
        id,
        source: event.source ?? source,
        type: type ?? `shelfcast.${topic}`,
        subject: subject ?? key ?? '',
        timeUs: acceptedAtUs,
      }),
    },
  };
}

function receiptOf({ id, acceptedAtUs }: AcceptedEvent, sent: SentRecord): Receipt {
  const timestampMs = sent.timestampMs ?? Number(acceptedAtUs / 1000n);
  return {
    id,
    topic: sent.topic,
    partition: sent.partition,
    offset: Number(sent.offset),
    timestamp: new Date(timestampMs).toISOString(),
  };
}

function unanswered(): KafkaError {
  return new KafkaError('the producer gave no answer for a record', {
    code: 'INDEFINITE',
    retriable: true,
  });
}

function publishedTrace({ id, traceId }: AcceptedEvent): string {
  return formatTraceparent({ traceId: traceId ?? traceIdOf(id), spanId: publishedSpanId(id) });
}
