import { Counter, Gauge, type Registry } from 'prom-client';

export interface OutboxMetrics {
  readonly published: Counter<'topic'>;
  readonly refused: Counter<'topic'>;
  readonly heldTopics: Gauge;
  readonly outages: Counter;
}

export function createOutboxMetrics(registry: Registry): OutboxMetrics {
  const registers = [registry];
  return {
    published: new Counter({
      name: 'shelfcast_outbox_published_total',
      help: 'Messages of consumers that Kafka acknowledged',
      labelNames: ['topic'] as const,
      registers,
    }),
    refused: new Counter({
      name: 'shelfcast_outbox_refused_total',
      help: 'Messages that Kafka will never take, set aside in runtime.outbox',
      labelNames: ['topic'] as const,
      registers,
    }),
    heldTopics: new Gauge({
      name: 'shelfcast_outbox_held_topics',
      help: 'Topics that take no messages now; counted by the relay that leads',
      registers,
    }),
    outages: new Counter({
      name: 'shelfcast_outbox_database_outages_total',
      help: 'Times the relay lost the database',
      registers,
    }),
  };
}
