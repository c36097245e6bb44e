import { createCodec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { createRegistryClient } from '@shelfcast/schemas/registry/client';
import { createAudit } from '@shelfcast/service-kit/audit/audit';
import { createAuthorizer } from '@shelfcast/service-kit/auth/authorize';
import { onlyAllowedOrigins } from '@shelfcast/service-kit/auth/only-allowed-origins';
import { authenticatorOf } from '@shelfcast/service-kit/auth/settings';
import { createClock } from '@shelfcast/service-kit/clock';
import { assertBindAllowed } from '@shelfcast/service-kit/config/protected-mode';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/config/settings';
import { aboutRoute } from '@shelfcast/service-kit/http/about';
import { createApp } from '@shelfcast/service-kit/http/app';
import { createBodyReader } from '@shelfcast/service-kit/http/body';
import { type ByteBudgetOptions, createByteBudget } from '@shelfcast/service-kit/http/byte-budget';
import { operationRoutes } from '@shelfcast/service-kit/http/operation-routes';
import { serve } from '@shelfcast/service-kit/http/serve';
import { inTurns } from '@shelfcast/service-kit/http/turns';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { startTracing } from '@shelfcast/service-kit/tracing/tracing';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { ProducerConfig } from './config.ts';
import { toProblem } from './http/to-problem.ts';
import { startExpiry } from './idempotency/expiry.ts';
import { createKeyStore } from './idempotency/key-store.ts';
import { migrateProducer } from './migrate.ts';
import { createAccept } from './publish/accept.ts';
import { createIntake } from './publish/intake.ts';
import { createPublisher } from './publish/publisher.ts';
import { batchRoutes } from './routes/batch.ts';
import { docsRoutes } from './routes/docs.ts';
import { eventRoutes } from './routes/events.ts';
import { topicRoutes } from './routes/topics.ts';
import { createContractCache } from './topics/contract-cache.ts';
import { createTopicsAdmin } from './topics/topics-admin.ts';

/** Who guesses tokens has to guess slowly. */
const MAX_FAILURES_PER_SECOND = 20;
const DATABASE_TIMEOUT_MS = 5_000;
/** Of one caller, of the requests that Kafka and the registry are asked for. */
const TURNS = { concurrent: 4, waiting: 1_000 };
/** A process that lost its lease has given up writing before another begins. */
const LEASE_MARGIN_MS = 5_000;
const MS_PER_HOUR = 3_600_000;

/** Opens what the API works with, serves, and registers how all of it is closed. */
export async function startProducerApi({
  config,
  lifecycle,
  log,
}: MainContext<ProducerConfig>): Promise<void> {
  const authorizer = createAuthorizer({
    authenticator: authenticatorOf(config),
    limits: { requests: config.RATE_LIMIT_PER_SECOND, failures: MAX_FAILURES_PER_SECOND },
  });
  assertBindAllowed({ host: config.HOST, authConfigured: !authorizer.isOpen });
  const applied = await migrateProducer(config.PRODUCER_DATABASE_URL);
  if (applied.length > 0) log.info({ applied }, 'database migrated');
  const pool = createPool({
    url: config.PRODUCER_DATABASE_URL,
    max: config.PRODUCER_DATABASE_POOL_SIZE,
    applicationName: 'shelfcast-producer-api',
    statementTimeoutMs: DATABASE_TIMEOUT_MS,
    connectTimeoutMs: DATABASE_TIMEOUT_MS,
    log,
  });
  lifecycle.onStop('database pool', () => pool.end());
  const keys = createKeyStore({
    pool,
    leaseMs: config.PUBLISH_DEADLINE_MS + LEASE_MARGIN_MS,
    ttlMs: config.IDEMPOTENCY_TTL_HOURS * MS_PER_HOUR,
  });
  const expiry = startExpiry({ keys, log });
  lifecycle.onStop('expiry of keys', () => expiry.stop());

  const clock = createClock();
  const registry = createRegistryClient(registryConnection(config));
  const codec = createCodec({ registry });
  lifecycle.onStop('codec', () => codec.close());
  const kafka = createKafka({
    connection: kafkaConnection(config),
    clientId: `producer-api-${config.INSTANCE_ID}`,
    log,
  });
  // One producer for events and reports: the reports of a batch travel with the next batch of events, in half as many
  // requests as two producers make. An event and its report have half of the deadline each.
  const producer = await kafka.createProducer({
    deliveryTimeoutMs: Math.floor(config.PUBLISH_DEADLINE_MS / 2),
  });
  lifecycle.onStop('producer', () => producer.close());

  const admin = kafka.createAdmin();
  lifecycle.onStop('admin', () => admin.close());
  const metrics = new Registry();
  collectDefaultMetrics({ register: metrics });

  const tracing = await startTracing({ config });
  lifecycle.onStop('tracing', () => tracing?.stop());
  const contracts = createContractCache({ registry, codec, log });
  const publisher = createPublisher({
    producer,
    monitoring: createMonitoringPublisher({
      producer,
      encode: await codec.encoder(MONITORING_EVENT),
    }),
    instance: config.INSTANCE_ID,
    maskedFields: config.MASKED_FIELDS,
    tracing,
    clock,
  });
  const accept = createAccept({
    contracts,
    topicPrefix: config.TOPIC_PREFIX,
    maxEventBytes: config.MAX_EVENT_BYTES,
    instance: config.INSTANCE_ID,
    clock,
  });
  const intake = createIntake({ publisher, keys, waitMs: config.PUBLISH_DEADLINE_MS, log });
  const readBody = createBodyReader({
    budget: createByteBudget(bodyLimits(config)),
    callerOf: (request) => authorizer.callerOf(request).name,
  });
  const turns = inTurns({ ...TURNS, callerOf: (request) => authorizer.callerOf(request).name });
  const app = createApp({
    routers: [
      onlyAllowedOrigins(config.ALLOWED_ORIGINS),
      aboutRoute({
        title: 'Shelfcast producer API',
        summary: 'Systems without a database to capture publish their events here.',
        links: {
          'every route, to try': '/docs',
          'the same for programs': '/openapi.json',
          'the dashboard': config.DASHBOARD_URL,
          'whether it is ready': '/readyz',
        },
      }),
      eventRoutes({ accept, intake, authorizer, readBody, maxEventBytes: config.MAX_EVENT_BYTES }),
      batchRoutes({
        accept,
        intake,
        authorizer,
        readBody,
        maxBatchBytes: config.MAX_BATCH_BYTES,
        maxBatchEvents: config.MAX_BATCH_EVENTS,
      }),
      operationRoutes({
        registry: metrics,
        mayRead: authorizer.require('viewer'),
        checks: {
          kafka: () => (producer.isConnected() ? undefined : 'the brokers do not answer'),
        },
      }),
      docsRoutes({
        ...{ authorizer, turns, admin, registry, contracts },
        topicPrefix: config.TOPIC_PREFIX,
      }),
      topicRoutes({
        authorizer,
        turns,
        audit: createAudit({ pool, schema: 'producer', log: log.child({ part: 'audit' }) }),
        readBody,
        admin,
        registry,
        topicPrefix: config.TOPIC_PREFIX,
        topicsAdmin: createTopicsAdmin({
          admin,
          registry,
          contracts,
          topicPrefix: config.TOPIC_PREFIX,
          maxRecordBytes: config.MAX_RECORD_BYTES,
          replicationFactor: config.REPLICATION_FACTOR,
        }),
        defaults: { partitions: config.TOPIC_PARTITIONS, retentionMs: config.RETENTION_MS },
      }),
    ],
    toProblem,
    log,
  });
  const service = await serve({
    host: config.HOST,
    port: config.PORT,
    app,
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
  });
  lifecycle.onStop('http', () => service.close());
  log.info({ host: config.HOST, port: service.port }, 'serving');
}

/** A caller can always send the largest body there may be, and another caller another one. */
function bodyLimits(config: ProducerConfig): ByteBudgetOptions {
  const { MAX_BATCH_BYTES, MAX_EVENT_BYTES, MAX_BODY_BYTES_IN_FLIGHT: wanted } = config;
  const callerBytes = Math.max(wanted / 2, MAX_BATCH_BYTES, MAX_EVENT_BYTES);
  return { totalBytes: Math.max(wanted, 2 * callerBytes), callerBytes };
}
