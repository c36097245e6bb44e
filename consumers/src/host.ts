import { createCodec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/config/settings';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPatience } from '@shelfcast/service-kit/patience';
import { createPool, warmPool } from '@shelfcast/service-kit/postgres/pool';
import { createSharedTransactions } from '@shelfcast/service-kit/postgres/shared-transactions';
import { startEventLoopWatchdog } from '@shelfcast/service-kit/process/event-loop-watchdog';
import { startHealthServer } from '@shelfcast/service-kit/process/health-server';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { createSerialQueue } from '@shelfcast/service-kit/serial-queue';
import { startTracing, tracedEncoder } from '@shelfcast/service-kit/tracing/tracing';
import { Registry } from 'prom-client';
import type { ConsumersConfig } from './config.ts';
import { migrateConsumers } from './migrate.ts';
import { startRebuilder } from './rebuild/rebuilder.ts';
import { consume, type RunningConsumer } from './runtime/consume.ts';
import { attemptTimeoutOf, type Consumer } from './runtime/contract/definition.ts';
import { isOutage } from './runtime/contract/errors.ts';
import { createDecodeCache } from './runtime/intake/decode-cache.ts';
import { runJobs } from './runtime/jobs.ts';
import { createOutboxMetrics } from './runtime/outbox/metrics.ts';
import { startOutboxRelay } from './runtime/outbox/relay.ts';
import { createConsumerMetrics } from './runtime/reports/metrics.ts';
import { forgetUnshared } from './runtime/shared-fields/store.ts';

const LOCK_TIMEOUT_MS = 5_000;
const IDLE_MARGIN_MS = 2_000;
const START_PATIENCE_MS = 60_000;
/** Reports are looked at by people: those of all consumers of the process share their requests. */
const REPORTS_LINGER_MS = 50;

/** Runs the chosen consumers in this process; what each needs is opened here, once, and closed in the opposite order. */
export async function hostConsumers(
  registered: readonly Consumer[],
  { config, lifecycle, log, fail }: MainContext<ConsumersConfig>,
): Promise<void> {
  const definitions = registered
    .filter(({ name }) => config.CONSUMERS.includes(name))
    .map((definition) => ({
      ...definition,
      sharedFields: config.SHARED_FIELDS,
      maskedFields: config.MASKED_FIELDS,
    }));
  const running: RunningConsumer[] = [];
  let started = false;
  const patiently = createPatience({
    isOutage: (error) => isOutage(error) || (error instanceof KafkaError && error.retriable),
    isStopping: () => lifecycle.stopping,
    forMs: START_PATIENCE_MS,
    log,
  });
  const watchdog = startEventLoopWatchdog({
    service: 'consumers',
    timeoutMs: config.EVENT_LOOP_TIMEOUT_MS,
  });
  lifecycle.onStop('event-loop watchdog', () => watchdog.stop());
  const registry = new Registry();
  const metrics = createConsumerMetrics(registry);
  const health = await startHealthServer({
    host: config.HEALTH_HOST,
    port: config.PORT,
    registry,
    notes: () => running.flatMap((consumer) => consumer.waitsFor() ?? []),
    checks: {
      consumers: () => (started ? undefined : 'starting'),
      groups: () => running.map((consumer) => consumer.notReady()).find((reason) => reason),
    },
  });
  lifecycle.onStop('health server', () => health.close());
  log.info({ host: config.HEALTH_HOST, port: health.port }, 'serving');

  const applied = await patiently('migrations', () =>
    migrateConsumers(config.CONSUMERS_DATABASE_URL, registered),
  );
  if (applied.length > 0) log.info({ applied }, 'database migrated');

  const pool = createPool({
    url: config.CONSUMERS_DATABASE_URL,
    max: config.CONSUMERS_DATABASE_POOL_SIZE,
    applicationName: 'shelfcast-consumers',
    // Another transaction holds the key's lock for too long: retriable, must not park the change.
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    // An attempt that hangs is ended by its own limit first.
    idleInTransactionTimeoutMs: Math.max(...definitions.map(attemptTimeoutOf)) + IDLE_MARGIN_MS,
    log,
  });
  lifecycle.onStop('database pool', () => pool.end());
  await patiently('database', () => warmPool(pool, definitions.length + 1));
  for (const { name, sharedFields } of definitions) {
    await patiently('shared fields', () => forgetUnshared(pool, name, sharedFields));
  }

  const codec = createCodec(registryConnection(config));
  lifecycle.onStop('codec', () => codec.close());
  const kafka = createKafka({
    connection: kafkaConnection(config),
    clientId: `consumers-${config.INSTANCE_ID}`,
    log,
    shareFetches: true,
  });
  const producer = await patiently('kafka', () => kafka.createProducer());
  lifecycle.onStop('producer', () => producer.close());
  const tracing = await startTracing({ config });
  lifecycle.onStop('tracing', () => tracing?.stop());
  const encoder = await patiently('registry', () => codec.encoder(MONITORING_EVENT));
  const encodeReport = tracedEncoder(encoder, tracing);
  const publisher = createMonitoringPublisher({
    producer,
    encode: encodeReport,
    lingerMs: REPORTS_LINGER_MS,
  });
  const outboxMetrics = createOutboxMetrics(registry);
  const relay = await patiently('outbox', () =>
    startOutboxRelay({ pool, kafka, metrics: outboxMetrics, log: log.child({ part: 'outbox' }) }),
  );
  lifecycle.onStop('outbox', () => relay.stop());

  for (const contract of definitions.flatMap(({ publishes = [] }) => publishes)) {
    await patiently('registry', () => codec.encoder(contract));
  }
  const decodeCache = definitions.length > 1 ? createDecodeCache() : undefined;
  const alone = createSerialQueue();
  const transactions = createSharedTransactions({
    pool,
    onFailure: (error) =>
      log.info({ error }, 'a shared transaction failed: each consumer has its own for a minute'),
  });
  for (const definition of definitions) {
    const options = {
      definition,
      kafka,
      pool,
      codec,
      publisher,
      encodeReport,
      metrics,
      instance: config.INSTANCE_ID,
      topicPrefix: config.TOPIC_PREFIX,
      decodeCache,
      alone,
      log: log.child({ consumer: definition.name }),
    };
    const consumer = await patiently(definition.name, () =>
      consume({ ...options, transactions, onFatal: fail }),
    );
    lifecycle.onStop(definition.name, () => consumer.stop());
    running.push(consumer);
    const rebuilder = startRebuilder({ ...options, url: config.CONSUMERS_DATABASE_URL });
    lifecycle.onStop(`${definition.name} rebuilder`, () => rebuilder.stop());
    const background = definition.background?.({
      pool,
      log: log.child({ consumer: definition.name }),
      registry,
      settings: config,
      tracing,
    });
    if (background !== undefined) {
      lifecycle.onStop(`${definition.name} background`, () => background.stop());
    }
  }
  const jobs = await patiently('jobs', () => runJobs({ definitions, pool, codec, log }));
  if (jobs !== null) lifecycle.onStop('jobs', () => jobs.stop());
  started = true;
  log.info({ consumers: definitions.map(({ name }) => name) }, 'consuming');
}
