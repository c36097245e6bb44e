import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { MONITORING_TOPIC } from '@shelfcast/schemas/topics';
import type { KafkaProducer } from './kafka/types.ts';
import { createGathering } from './postgres/gathering.ts';

export interface MonitoringPublisherOptions {
  readonly producer: Pick<KafkaProducer, 'send'>;
  /** `await codec.encoder(MONITORING_EVENT)` */
  readonly encode: (event: MonitoringEvent) => Buffer;
  /** Default: `monitoring`. */
  readonly topic?: string;
  /**
   * How long, once dozens come in a second, a report waits for others to share its request with, unless `flush` is
   * called; default 0.
   */
  readonly lingerMs?: number;
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
  /** Sends gathered reports now, for a caller that waits for them. */
  flush(): void;
}

/** Gathered reports that are not worth waiting with. */
const ENOUGH_REPORTS = 200;

/** Reports to the monitoring topic, keyed by event id: all reports about one event keep their order. */
export function createMonitoringPublisher(
  options: MonitoringPublisherOptions,
): MonitoringPublisher {
  const { producer, encode, topic = MONITORING_TOPIC, lingerMs = 0 } = options;
  const gathering = createGathering(lingerMs);
  let gathered = 0;
  let together = Promise.resolve();
  let send: (() => void) | undefined;

  /** Resolves for all that have gathered in one turn, in order; the producer puts them into one request. */
  function whenGathered(count: number): Promise<void> | undefined {
    const waitMs = gathering.after(count);
    if (waitMs === 0 && send === undefined) return undefined;
    gathered += count;
    if (send === undefined) {
      together = new Promise((resolve) => {
        const timer = setTimeout(flush, waitMs);
        send = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const mine = together;
    if (gathered >= ENOUGH_REPORTS) flush();
    return mine;
  }

  function flush(): void {
    send?.();
    send = undefined;
    gathered = 0;
  }

  return {
    async report(events) {
      const records = events.map((event) => ({ topic, key: event.eventId, value: encode(event) }));
      if (lingerMs > 0) await whenGathered(records.length);
      await producer.send(records);
    },
    flush,
  };
}
