import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Applied } from '../apply/apply-batch.ts';
import { type Delivery, isUnreadable, type Unreadable } from '../intake/delivery.ts';

export interface ConsumerMetrics {
  readonly failures: Counter<'consumer'>;
  readonly outages: Counter<'consumer'>;
  readonly offsetResets: Counter<'consumer'>;
  readonly paused: Gauge<'consumer'>;
  readonly retries: Counter<'consumer' | 'state'>;
  observe(
    consumer: string,
    entries: readonly (Delivery | Unreadable)[],
    applied: readonly Applied[],
    handledAtMs: number,
  ): void;
}

/** What every consumer counts, under names that Prometheus users expect. */
export function createConsumerMetrics(registry: Registry): ConsumerMetrics {
  const registers = [registry];
  const handled = new Counter({
    name: 'shelfcast_consumer_changes_total',
    help: 'Changes handled, by outcome: processed, skipped (older than what was applied), repeated (its event id was handled before), conflict (owned by another origin), parked or reported (delivered again)',
    labelNames: ['consumer', 'outcome'] as const,
    registers,
  });
  const latency = new Histogram({
    name: 'shelfcast_commit_to_effect_seconds',
    help: 'From the commit at the source to the durable effect; snapshot reads are not counted',
    labelNames: ['consumer'] as const,
    buckets: [0.002, 0.004, 0.006, 0.008, 0.012, 0.02, 0.035, 0.06, 0.1, 0.25, 1, 5, 30, 300],
    registers,
  });
  const counter = (name: string, help: string) =>
    new Counter({ name, help, labelNames: ['consumer'] as const, registers });

  return {
    failures: counter(
      'shelfcast_consumer_batch_failures_total',
      'Batches that could not be handled and are tried again',
    ),
    outages: counter(
      'shelfcast_consumer_database_outages_total',
      'Transactions that failed because the database was not available',
    ),
    paused: new Gauge({
      name: 'shelfcast_consumer_paused',
      help: '1 while the consumer is paused',
      labelNames: ['consumer'] as const,
      registers,
    }),
    retries: new Counter({
      name: 'shelfcast_consumer_parked_failures_total',
      help: 'Parked changes that failed again: tried later (retrying), or left to people (dead)',
      labelNames: ['consumer', 'state'] as const,
      registers,
    }),
    offsetResets: counter(
      'shelfcast_consumer_offset_resets_total',
      'Times the offset to be read was gone',
    ),
    observe(consumer, entries, applied, handledAtMs) {
      entries.forEach((entry, index) => {
        const outcome = applied[index]?.outcome ?? 'processed';
        handled.inc({ consumer, outcome });
        if (isUnreadable(entry) || outcome !== 'processed' || entry.change.op === 'read') return;
        const occurredAtMs = Number(entry.change.occurredAtUs) / 1000;
        latency.observe({ consumer }, Math.max(0, handledAtMs - occurredAtMs) / 1000);
      });
    },
  };
}
