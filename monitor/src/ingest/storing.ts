import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '@shelfcast/service-kit/message-of';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { type Repeating, repeat } from '@shelfcast/service-kit/repeat';
import type { MonitorConfig } from '../config.ts';
import type { ConsumerGroups } from '../lag/consumer-groups.ts';
import { migrateMonitoring } from '../migrate.ts';
import { rollUp } from '../numbers/roll-up.ts';
import type { Resources } from '../resources.ts';
import { type Ingest, startIngest } from './ingest.ts';
import { createIngestMetrics } from './metrics.ts';
import { maintainPartitions } from './partitions.ts';
import { createSeriesStore } from './series.ts';
import { otherStore, readStoreId, storingClientId } from './storage-conflict.ts';

export interface StoringOptions {
  readonly context: MainContext<MonitorConfig>;
  readonly resources: Resources;
  readonly groups: ConsumerGroups;
}

export interface Storing {
  /** Why no reports are stored, or undefined. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

const PARTITIONS_EVERY_MS = 600_000;
const ROLL_UP_EVERY_MS = 5_000;
const GROUPS_EVERY_MS = 5_000;
const RETRY_MS = 5_000;
const START_RETRY_MS = 1_000;
const MS_PER_DAY = 86_400_000;
const NO_GROUPS = 'the consumer groups could not be asked for: later';

/**
 * Stores reports from Kafka, once the database is there and no monitor of the group stores elsewhere, and looks after
 * what is stored.
 */
export function startStoring({ context, resources, groups }: StoringOptions): Storing {
  const { config, log, fail } = context;
  const { databases, codec, registry, clientId, groupsAdmin: admin, nowMs } = resources;
  const pool = databases.storing;
  const stopping = new AbortController();
  const metrics = createIngestMetrics(registry);
  const repeating: Repeating[] = [];
  let ingest: Ingest | undefined;
  let waiting = 'starting';
  /** Of another monitor that stores elsewhere. */
  let foreign: string | undefined;

  const keepPartitions = () =>
    maintainPartitions(pool, { nowMs: nowMs(), retentionDays: config.MONITORING_RETENTION_DAYS });

  /** @returns which database it is */
  async function prepare(): Promise<string> {
    const applied = await migrateMonitoring(config.MONITORING_DATABASE_URL);
    if (applied.length > 0) log.info({ applied }, 'database migrated');
    await keepPartitions();
    return await readStoreId(pool);
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
      ...{ pool, series: createSeriesStore(pool), codec, metrics, nowMs },
      kafka: resources.kafkaAs(storingClientId(clientId, storeId)),
      expectedOf: groups.expectedOf,
      numbersRetentionMs: config.MONITORING_NUMBERS_RETENTION_DAYS * MS_PER_DAY,
      groupId: config.MONITORING_GROUP,
      topic: config.MONITORING_TOPIC,
      log: log.child({ part: 'ingest' }),
      onFatal: fail,
    });
    repeating.push(
      repeat({
        failure: 'partitions could not be looked after: later',
        everyMs: PARTITIONS_EVERY_MS,
        retryMs: RETRY_MS,
        log,
        work: keepPartitions,
      }),
      repeat({
        failure: 'numbers could not be rolled up: later',
        everyMs: ROLL_UP_EVERY_MS,
        log,
        work: () =>
          rollUp(pool, { nowMs: nowMs(), retentionDays: config.MONITORING_NUMBERS_RETENTION_DAYS }),
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

  const started = start().catch((error: unknown) => {
    if (!stopping.signal.aborted) fail(error instanceof Error ? error : new Error(String(error)));
  });
  return {
    notReady: () => (ingest === undefined ? waiting : (foreign ?? ingest.notReady())),
    async stop() {
      stopping.abort();
      await started;
      await Promise.all([ingest?.stop(), ...repeating.map((work) => work.stop())]);
    },
  };
}
