import { Gauge, type Registry } from 'prom-client';
import type { ConsumerGroups } from './consumer-groups.ts';

const LABELS = ['consumergroup', 'topic', 'partition'] as const;

/** The lag of every group, by the names that Kafka's exporters gave it. */
export function observeLag(
  registry: Registry,
  { groups, nowMs }: { readonly groups: Pick<ConsumerGroups, 'lag'>; readonly nowMs: () => number },
): void {
  const messages = new Gauge({
    name: 'kafka_consumergroup_lag',
    help: 'Records that a consumer group has not handled yet',
    labelNames: LABELS,
    registers: [registry],
    collect() {
      this.reset();
      for (const entry of groups.lag().partitions) {
        messages.set(labelsOf(entry), entry.messages);
      }
    },
  });
  const seconds = new Gauge({
    name: 'kafka_consumergroup_lag_seconds',
    help: 'Age of the oldest record that a consumer group has not handled yet',
    labelNames: LABELS,
    registers: [registry],
    collect() {
      this.reset();
      const { atMs, partitions } = groups.lag();
      // While the brokers do not answer, what waits grows older all the same.
      const sinceSeconds = Math.max(0, nowMs() - atMs) / 1000;
      for (const entry of partitions) {
        const waits = entry.messages > 0 && entry.seconds !== null && entry.seconds > 0;
        seconds.set(labelsOf(entry), waits ? (entry.seconds ?? 0) + sinceSeconds : 0);
      }
    },
  });
}

function labelsOf(entry: ReturnType<ConsumerGroups['lag']>['partitions'][number]) {
  const { service, topic, partition } = entry;
  return { consumergroup: service, topic, partition: `${partition}` };
}
