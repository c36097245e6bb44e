import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '@shelfcast/schemas/codec';
import { createClock } from '@shelfcast/service-kit/clock';
import { kafkaConnection } from '@shelfcast/service-kit/config/settings';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import type { ReadinessCheck } from '@shelfcast/service-kit/process/health-server';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { repeat } from '@shelfcast/service-kit/repeat';
import type { Request, RequestHandler, Router } from 'express';
import type { Pool } from 'pg';
import type { Registry } from 'prom-client';
import type { MonitorConfig } from './config.ts';
import { eventRoutes } from './events/event-routes.ts';
import { type Ingest, startIngest } from './ingest/ingest.ts';
import { createLanes } from './ingest/lanes.ts';
import { createIngestMetrics } from './ingest/metrics.ts';
import { otherStore, readStoreId, storingClientId } from './ingest/one-store.ts';
import { maintainPartitions } from './ingest/partitions.ts';
import { type ConsumerGroups, createConsumerGroups } from './lag/consumer-groups.ts';
import { observeLag } from './lag/metrics.ts';
import { migrateMonitoring } from './migrate.ts';
import { numbersRoutes } from './numbers/number-routes.ts';
import { rollUp } from './numbers/roll-up.ts';

export interface StoreOptions {
  readonly context: MainContext<MonitorConfig>;
  readonly kafka: Kafka;
  /** What the brokers call this process. */
  readonly clientId: string;
  readonly codec: Codec;
  readonly registry: Registry;
  /** Lets only those through who may read. */
  readonly mayRead: RequestHandler;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
  /** Columns of a record that are not shown to who asks. */
  readonly hiddenFrom: (request: Request) => ReadonlySet<string>;
}

/** What is kept, and the answers made of it. */
export interface Store {
  readonly pool: Pool;
  readonly groups: ConsumerGroups;
  readonly routers: readonly Router[];
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
}

/** Two writers, and what is looked after beside them. */
const STORING_POOL_SIZE = 4;
const DATABASE_TIMEOUT_MS = 5_000;
/** No answer is worth more of the database's time. */
const STATEMENT_TIMEOUT_MS = 20_000;
const PARTITIONS_EVERY_MS = 600_000;
const ROLL_UP_EVERY_MS = 5_000;
const GROUPS_EVERY_MS = 5_000;
const RETRY_MS = 5_000;
const START_RETRY_MS = 1_000;
const MS_PER_DAY = 86_400_000;

/**
 * Stores reports from Kafka, and answers questions about them. It begins at once, also during an outage: what is asked
 * of the database fails until that is there, and everything else works.
 */
export function openStore({
  context,
  kafka,
  clientId,
  codec,
  registry,
  mayRead,
  turns,
  hiddenFrom,
}: StoreOptions): Store {
  const { config, lifecycle, log, fail } = context;
  const nowMs = createClock();
  const stopping = new AbortController();
  const pool = createPool({
    url: config.MONITORING_DATABASE_URL,
    max: config.MONITORING_DATABASE_POOL_SIZE,
    applicationName: 'shelfcast-monitor',
    connectTimeoutMs: DATABASE_TIMEOUT_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    log,
  });
  lifecycle.onStop('database pool', () => pool.end());
  // Of its own: however many questions are asked, reports are stored.
  const storing = createPool({
    url: config.MONITORING_DATABASE_URL,
    max: STORING_POOL_SIZE,
    applicationName: 'shelfcast-monitor-storing',
    connectTimeoutMs: DATABASE_TIMEOUT_MS,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    log,
  });
  lifecycle.onStop('database pool of storing', () => storing.end());
  const admin = kafka.createAdmin();
  lifecycle.onStop('admin', () => admin.close());
  const reader = kafka.createLogReader();
  lifecycle.onStop('record reader', () => reader.close());

  const lanes = createLanes(pool);
  const groups = createConsumerGroups({
    admin,
    reader,
    pool,
    groups: config.CONSUMER_GROUPS,
    otherGroups: [config.MONITORING_GROUP, 'capture-reports'],
    nowMs,
    log,
  });
  observeLag(registry, { groups, nowMs });
  const metrics = createIngestMetrics(registry);
  let ingest: Ingest | undefined;
  let waiting = 'starting';
  /** Of another monitor that stores elsewhere. */
  let foreign: string | undefined;

  /** @returns which database it is */
  async function prepare(): Promise<string> {
    const applied = await migrateMonitoring(config.MONITORING_DATABASE_URL);
    if (applied.length > 0) log.info({ applied }, 'database migrated');
    await maintainPartitions(storing, {
      nowMs: nowMs(),
      retentionDays: config.MONITORING_RETENTION_DAYS,
    });
    return await readStoreId(storing);
  }

  async function untilPrepared(): Promise<string> {
    for (;;) {
      try {
        return await prepare();
      } catch (error) {
        waiting = `the database cannot be used: ${messageOf(error)}`;
        log.warn({ error }, 'the database cannot be used yet: trying again');
        await delay(START_RETRY_MS, undefined, { signal: stopping.signal });
      }
    }
  }

  /** A member more would share the reports out among two databases: it waits until the others are gone. */
  async function untilGroupIsOurs(storeId: string): Promise<void> {
    for (;;) {
      const other = await otherStore(admin, config.MONITORING_GROUP, storeId);
      if (other === undefined) return;
      waiting = other;
      log.error(`${other}; storing nothing until then`);
      await delay(GROUPS_EVERY_MS, undefined, { signal: stopping.signal });
    }
  }

  async function start(): Promise<void> {
    const storeId = await untilPrepared();
    await groups.refresh().catch((error: unknown) => log.warn({ error }, NO_GROUPS));
    await untilGroupIsOurs(storeId);
    ingest = await startIngest({
      ...{ pool: storing, lanes: createLanes(storing), codec, metrics, nowMs },
      kafka: createKafka({
        connection: kafkaConnection(config),
        clientId: storingClientId(clientId, storeId),
        log,
      }),
      expectedOf: groups.expectedOf,
      numbersRetentionMs: config.MONITORING_NUMBERS_RETENTION_DAYS * MS_PER_DAY,
      groupId: config.MONITORING_GROUP,
      topic: config.MONITORING_TOPIC,
      log: log.child({ part: 'ingest' }),
      onFatal: fail,
    });
    background.push(
      repeat({
        failure: 'partitions could not be looked after: later',
        everyMs: PARTITIONS_EVERY_MS,
        retryMs: RETRY_MS,
        log,
        work: () =>
          maintainPartitions(storing, {
            nowMs: nowMs(),
            retentionDays: config.MONITORING_RETENTION_DAYS,
          }),
      }),
      repeat({
        failure: 'numbers could not be rolled up: later',
        everyMs: ROLL_UP_EVERY_MS,
        log,
        work: () =>
          rollUp(storing, {
            nowMs: nowMs(),
            retentionDays: config.MONITORING_NUMBERS_RETENTION_DAYS,
          }),
      }),
      repeat({ failure: NO_GROUPS, everyMs: GROUPS_EVERY_MS, log, work: groups.refresh }),
      repeat({
        failure: NO_GROUPS,
        everyMs: GROUPS_EVERY_MS,
        log,
        // Two that started at the same moment have not seen one another.
        async work() {
          const before = foreign;
          foreign = await otherStore(admin, config.MONITORING_GROUP, storeId);
          if (foreign !== undefined && foreign !== before) log.error(foreign);
        },
      }),
    );
  }

  const background: ReturnType<typeof repeat>[] = [];
  const started = start().catch((error: unknown) => {
    if (!stopping.signal.aborted) fail(error instanceof Error ? error : new Error(String(error)));
  });
  lifecycle.onStop('ingest', async () => {
    stopping.abort();
    await started;
    await Promise.all([ingest?.stop(), ...background.map((work) => work.stop())]);
  });

  return {
    pool,
    groups,
    routers: [
      eventRoutes({
        ...{ mayRead, turns, pool, lanes, expectedOf: groups.expectedOf, reader, codec },
        hiddenFrom,
      }),
      numbersRoutes({ mayRead, turns, pool, groups, nowMs }),
    ],
    checks: { ingest: () => (ingest === undefined ? waiting : (foreign ?? ingest.notReady())) },
  };
}

const NO_GROUPS = 'the consumer groups could not be asked for: later';
