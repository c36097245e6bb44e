import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import type { KafkaProducer } from './kafka/types.ts';

export interface MonitoringPublisherOptions {
  readonly producer: Pick<KafkaProducer, 'send'>;
  /** `await codec.encoder(MONITORING_EVENT)` */
  readonly encode: (event: MonitoringEvent) => Buffer;
  /** Default: `monitoring`. */
  readonly topic?: string;
}

export interface MonitoringPublisher {
  /**
   * Resolves when every report is acknowledged by all in-sync replicas: only then may the offsets
   * of what they are about be committed. Reports of concurrent calls share requests. A step that is
   * repeated gives the same report id again (see `reportId`), so repeating a call does no harm.
   *
   * @throws KafkaSendError when a report was not acknowledged; CodecError when one cannot be encoded,
   *   in which case none of the call was sent
   */
  report(events: readonly MonitoringEvent[]): Promise<void>;
}

/** Reports to the monitoring topic, keyed by event id: all reports about one event keep their order. */
export function createMonitoringPublisher(
  options: MonitoringPublisherOptions,
): MonitoringPublisher {
  const { producer, encode, topic = MONITORING_TOPIC } = options;
  return {
    async report(events) {
      await producer.send(
        events.map((event) => ({ topic, key: event.eventId, value: encode(event) })),
      );
    },
  };
}
