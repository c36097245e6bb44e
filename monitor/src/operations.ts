import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { listAwaitedTopics } from '@shelfcast/connect-config/readers';
import type { Codec } from '@shelfcast/schemas/codec';
import type { LiveHealth } from '@shelfcast/schemas/monitor/live';
import { createAudit } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { createClock } from '@shelfcast/service-kit/clock';
import { createBodyReader } from '@shelfcast/service-kit/http/body';
import { createByteBudget } from '@shelfcast/service-kit/http/byte-budget';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import type { RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import { alertRoutes } from './alerts/alert-routes.ts';
import { createAlertBook } from './alerts/book.ts';
import { type GatherOptions, gatherFacts } from './alerts/gather.ts';
import { createLeadership } from './alerts/leadership.ts';
import { createWatchMetrics } from './alerts/metrics.ts';
import { createNotifier, type Notifier } from './alerts/notify.ts';
import { startWatch, type Watch } from './alerts/watch.ts';
import type { MonitorConfig } from './config.ts';
import { auditRoutes } from './operations/audit-routes.ts';
import type { ConsumerCommands } from './operations/consumer-commands.ts';
import { consumerRoutes } from './operations/consumer-routes.ts';
import { deadLetterRoutes } from './operations/dead-letter-routes.ts';
import { createReplicationReader } from './source/replication.ts';
import { createSourceReader } from './source/source-reader.ts';
import { sourceRoutes } from './source/source-routes.ts';
import { createTableGuard } from './source/table-guard.ts';
import type { Store } from './store.ts';
import { topicRoutes } from './topics/topic-routes.ts';

export interface OperationsOptions {
  readonly context: MainContext<MonitorConfig>;
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly registry: Registry;
  readonly authorizer: Authorizer;
  readonly store: Pick<Store, 'pool' | 'groups'>;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
}

/** What the watch learns from the reports that go by. */
export type Observed = Pick<GatherOptions, 'summary' | 'recordSizes'>;

/** What is done to the pipeline through the monitor, and whether all is well with it. */
export interface Operations {
  readonly routers: readonly Router[];
  /** Undefined before the first look at the pipeline. */
  health(): LiveHealth | undefined;
  /** Begins to look after the pipeline. */
  watch(observed: Observed): void;
}

/** A handful of requests of people, and what is looked at every few seconds. */
const POOL_SIZE = 4;
/** Bodies that have begun to arrive: sixteen of the largest of one caller. */
const BODIES_UNDER_WAY = { totalBytes: 8 * 1024 * 1024, callerBytes: 4 * 1024 * 1024 };
const TIMEOUT_MS = 5_000;

export function openOperations(options: OperationsOptions): Operations {
  const { kafka, codec, registry, authorizer, store, turns } = options;
  const { config, lifecycle, log } = options.context;
  const nowMs = createClock();
  const openPool = (name: string, url: string) => {
    const pool = createPool({
      url,
      max: POOL_SIZE,
      applicationName: 'shelfcast-monitor',
      statementTimeoutMs: TIMEOUT_MS,
      connectTimeoutMs: TIMEOUT_MS,
      log,
    });
    lifecycle.onStop(`${name} database pool`, () => pool.end());
    return pool;
  };
  const consumers = openPool('consumers', config.CONSUMERS_DATABASE_URL);
  const products = openPool('products', config.PRODUCTS_DATABASE_URL);
  const admin = kafka.createAdmin();
  lifecycle.onStop('admin of operations', () => admin.close());
  // People and the next look ask again anyway.
  const connect = createConnectClient({
    url: config.KAFKA_CONNECT_URL,
    timeoutMs: TIMEOUT_MS,
    retryForMs: 0,
  });
  const slotName = config.REPLICATION_SLOT;
  const audit = createAudit({
    pool: store.pool,
    schema: 'monitoring',
    log: log.child({ part: 'audit' }),
  });
  const decoding = { codec, instance: config.INSTANCE_ID };
  const names = config.CONSUMER_GROUPS;
  const readBody = createBodyReader({
    budget: createByteBudget(BODIES_UNDER_WAY),
    callerOf: (request) => authorizer.callerOf(request).name,
  });
  const desk: ConsumerCommands = {
    pool: consumers,
    countMembers: (consumer) =>
      admin.groupMembers(consumer).then(
        ({ length }) => length,
        () => undefined,
      ),
  };
  const reader = kafka.createLogReader();
  lifecycle.onStop('record reader of operations', () => reader.close());
  const source = createSourceReader({
    ...{ products, client: connect, admin, reader, slotName, nowMs },
    topicPrefix: config.TOPIC_PREFIX,
    consumerGroups: names,
    awaitedTopics: () => listAwaitedTopics(consumers),
  });
  let watch: Watch | undefined;
  const health = (): LiveHealth | undefined => watch?.health();

  return {
    routers: [
      auditRoutes({ authorizer, audit, maskedFields: config.MASKED_FIELDS, turns }),
      consumerRoutes({ authorizer, audit, readBody, desk, names }),
      deadLetterRoutes({
        ...{ authorizer, audit, readBody, desk, decoding, names, turns },
        maskedFields: config.MASKED_FIELDS,
      }),
      sourceRoutes({
        authorizer,
        audit,
        readBody,
        connect,
        replication: createReplicationReader({ products, slotName, nowMs }),
        source,
      }),
      alertRoutes({ authorizer, health }),
      topicRoutes({ authorizer, admin, nowMs }),
    ],
    health,
    watch(observed) {
      const part = log.child({ part: 'watch' });
      const notifier = notifierOf(options);
      // Its own reader: the rate at which WAL is kept must not depend on requests in between.
      const replication = createReplicationReader({ products, slotName, nowMs });
      watch = startWatch({
        gather: () =>
          gatherFacts({
            ...{
              names,
              connect,
              replication,
              source,
              slotName,
              admin,
              consumers,
              nowMs,
              log: part,
            },
            lag: () => store.groups.lag(),
            onRetired: (retired) => store.groups.leaveOut(retired),
            maxRecordBytes: config.MAX_RECORD_BYTES,
            ...observed,
          }),
        thresholds: config,
        holdMs: config.ALERT_AFTER_SECONDS * 1_000,
        book: createAlertBook(store.pool, { tells: notifier !== undefined }),
        leadership: createLeadership(store.pool, part),
        notifier,
        connect,
        tableGuard: config.TABLE_GUARD
          ? createTableGuard({
              ...{ connect, products, consumers, admin, audit, nowMs },
              log: log.child({ part: 'table guard' }),
            })
          : undefined,
        audit,
        metrics: createWatchMetrics(registry, nowMs),
        nowMs,
        log: part,
      });
      lifecycle.onStop('watch', () => watch?.stop());
    },
  };
}

function notifierOf({ context, store }: OperationsOptions): Notifier | undefined {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = context.config;
  if (url === undefined || secret === undefined) return undefined;
  const log = context.log.child({ part: 'alerts' });
  return createNotifier({ pool: store.pool, url, secret, nowMs: createClock(), log });
}
