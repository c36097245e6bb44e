import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { TopicPartition } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';

export interface ReportFlowOptions {
  readonly publisher: MonitoringPublisher;
  /** Wait before the given attempt (1, 2, …) at the same reports; rejects when the flow is to give up. */
  readonly backoff: (attempt: number) => Promise<void>;
  readonly onFailure: (error: unknown, attempt: number) => void;
}

/** A batch that takes effect, or has: it is open until its reports are acknowledged. */
export interface OpenBatch {
  /** Sends until all are acknowledged. */
  send(events: readonly MonitoringEvent[]): void;
  /** It failed and will come again. */
  drop(): void;
}

/** Sends a batch's reports while the next ones take effect. */
export interface ReportFlow {
  /** Resolves when the partition has few enough batches open for another one. */
  waitForCapacity(partition: TopicPartition): Promise<void>;
  open(partition: TopicPartition, firstOffset: bigint): OpenBatch;
  /**
   * First offset of the partition's oldest open batch; undefined where none is. From there on a crash leaves reports
   * to be made again (see `runtime.batches`).
   */
  openFrom(partition: TopicPartition): bigint | undefined;
  /** Resolves when all that was sent before is acknowledged: offsets may be committed. */
  acknowledged(): Promise<void>;
}

/** Batches of one partition: each is repeated after a crash. */
const MAX_OPEN = 8;
/** Reports of all partitions, beyond which each has one batch on its way at most: they are held in memory. */
const MAX_REPORTS = 5_000;

interface Entry {
  readonly firstOffset: bigint;
  sending?: Promise<void>;
}

export function createReportFlow(options: ReportFlowOptions): ReportFlow {
  const entries = new Map<string, Set<Entry>>();
  /** That are not acknowledged. */
  let reports = 0;

  function entriesOf({ topic, partition }: TopicPartition): Set<Entry> {
    const name = partitionKey({ topic, partition });
    const known = entries.get(name) ?? new Set();
    entries.set(name, known);
    return known;
  }

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
    async waitForCapacity(partition) {
      const open = entriesOf(partition);
      while (open.size >= MAX_OPEN || (open.size > 0 && reports >= MAX_REPORTS)) {
        const oldest = [...open].find(({ sending }) => sending !== undefined);
        if (oldest === undefined) return;
        options.publisher.flush();
        await oldest.sending;
      }
    },
    open(partition, firstOffset) {
      const open = entriesOf(partition);
      const entry: Entry = { firstOffset };
      open.add(entry);
      return {
        send(events) {
          reports += events.length;
          entry.sending = untilAcknowledged(events).then(() => {
            open.delete(entry);
            reports -= events.length;
          });
          entry.sending.catch(() => {}); // given up: those that wait for it see the error, and nothing is committed
        },
        drop: () => void open.delete(entry),
      };
    },
    openFrom(partition) {
      let oldest: bigint | undefined;
      for (const { firstOffset } of entriesOf(partition)) {
        if (oldest === undefined || firstOffset < oldest) oldest = firstOffset;
      }
      return oldest;
    },
    async acknowledged() {
      const sending = [...entries.values()].flatMap((open) =>
        [...open].flatMap((entry) => entry.sending ?? []),
      );
      if (sending.length > 0) options.publisher.flush();
      await Promise.all(sending);
    },
  };
}
