import { Gauge, type Registry } from 'prom-client';
import type { ConsumerGroups } from './consumer-groups.ts';

const LABELS = ['consumergroup', 'topic', 'partition'] as const;

/** The lag of every group, by the names that Kafka's exporters gave it. */
export function observeLag(registry: Registry, groups: Pick<ConsumerGroups, 'lag'>): void {
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
      for (const entry of groups.lag().partitions) {
        if (entry.seconds !== null) seconds.set(labelsOf(entry), entry.seconds);
      }
    },
  });
}

function labelsOf(entry: ReturnType<ConsumerGroups['lag']>['partitions'][number]) {
  const { service, topic, partition } = entry;
  return { consumergroup: service, topic, partition: `${partition}` };
}
