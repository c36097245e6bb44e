import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import type { TopicPartition } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { partitionKey } from './guard.ts';

export interface ReportFlowOptions {
  readonly publisher: MonitoringPublisher;
  /** Wait before the given attempt (1, 2, …) at the same reports; rejects when the flow is to give up. */
  readonly backoff: (attempt: number) => Promise<void>;
  readonly onFailure: (error: unknown, attempt: number) => void;
}

/**
 * Sends a batch's reports while the next one is read and decoded. Of each partition one batch at
 * most is on its way: after a crash the reports of the last durable batch can be made again, those
 * of earlier ones cannot (see `runtime.batches`).
 */
export interface ReportFlow {
  /** Resolves when the partition has no reports under way: its next batch may take effect. */
  idle(partition: TopicPartition): Promise<void>;
  /** Sends until all are acknowledged. The partition must be idle. */
  send(partition: TopicPartition, events: readonly MonitoringEvent[]): void;
  /** Resolves when all that was sent before is acknowledged: offsets may be committed. */
  acknowledged(): Promise<void>;
}

export function createReportFlow(options: ReportFlowOptions): ReportFlow {
  const underWay = new Map<string, Promise<void>>();

  async function untilAcknowledged(events: readonly MonitoringEvent[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await options.publisher.report(events);
      } catch (error) {
        options.onFailure(error, attempt);
        await options.backoff(attempt);
      }
    }
  }

  return {
    async idle({ topic, partition }) {
      const sending = underWay.get(partitionKey(topic, partition));
      if (sending === undefined) return;
      options.publisher.hurry();
      await sending;
    },
    send({ topic, partition }, events) {
      const name = partitionKey(topic, partition);
      const sending = untilAcknowledged(events).then(() => {
        if (underWay.get(name) === sending) underWay.delete(name);
      });
      underWay.set(name, sending);
      sending.catch(() => {}); // given up: whoever waits for it is told, and nothing is committed
    },
    async acknowledged() {
      if (underWay.size > 0) options.publisher.hurry();
      await Promise.all(underWay.values());
    },
  };
}
