import { createCodec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { startHealthServer } from '@shelfcast/service-kit/health-server';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPool, warmPool } from '@shelfcast/service-kit/postgres';
import type { MainContext } from '@shelfcast/service-kit/run-main';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/settings';
import { Registry } from 'prom-client';
import type { ConsumersConfig } from './config.ts';
import { migrateConsumers } from './migrate.ts';
import { consume, type RunningConsumer } from './runtime/consume.ts';
import type { ConsumerDefinition } from './runtime/definition.ts';
import { runJobs } from './runtime/jobs.ts';
import { createConsumerMetrics } from './runtime/metrics.ts';

/** Runs the chosen consumers in this process; what each needs is opened here, once, and closed in the opposite order. */
export async function hostConsumers<Effect>(
  registered: readonly ConsumerDefinition<Effect>[],
  { config, lifecycle, log, fail }: MainContext<ConsumersConfig>,
): Promise<void> {
  const definitions = registered.filter(({ name }) => config.CONSUMERS.includes(name));
  const running: RunningConsumer[] = [];
  const registry = new Registry();
  const metrics = createConsumerMetrics(registry);
  const health = await startHealthServer({
    host: config.HEALTH_HOST,
    port: config.PORT,
    registry,
    checks: {
      consumers: () => (running.length < definitions.length ? 'starting' : undefined),
      groups: () => running.map((consumer) => consumer.notReady()).find((reason) => reason),
    },
  });
  lifecycle.onStop('health server', () => health.close());

  const applied = await migrateConsumers(config.CONSUMERS_DATABASE_URL, registered);
  if (applied.length > 0) log.info({ applied }, 'database migrated');

  const pool = createPool({
    url: config.CONSUMERS_DATABASE_URL,
    max: config.CONSUMERS_DATABASE_POOL_SIZE,
    applicationName: 'shelfcast-consumers',
    log,
  });
  lifecycle.onStop('database pool', () => pool.end());
  await warmPool(pool, definitions.length + 1);

  const codec = createCodec(registryConnection(config));
  lifecycle.onStop('codec', () => codec.close());
  const kafka = createKafka({
    connection: kafkaConnection(config),
    clientId: `consumers-${config.INSTANCE_ID}`,
    log,
  });
  const producer = await kafka.createProducer();
  lifecycle.onStop('producer', () => producer.close());
  const publisher = createMonitoringPublisher({
    producer,
    encode: await codec.encoder(MONITORING_EVENT),
  });

  for (const definition of definitions) {
    const consumer = await consume({
      definition,
      kafka,
      pool,
      codec,
      publisher,
      metrics,
      instance: config.INSTANCE_ID,
      topicPrefix: config.TOPIC_PREFIX,
      log: log.child({ consumer: definition.name }),
      onFatal: fail,
    });
    lifecycle.onStop(definition.name, () => consumer.stop());
    running.push(consumer);
  }
  const jobs = await runJobs({ definitions, pool, log });
  if (jobs !== null) lifecycle.onStop('jobs', () => jobs.stop());
  log.info({ consumers: definitions.map(({ name }) => name) }, 'consuming');
}
