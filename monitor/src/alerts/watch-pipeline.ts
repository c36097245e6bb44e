import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import type { MonitorConfig } from '../config.ts';
import type { ConsumerGroups } from '../lag/consumer-groups.ts';
import type { Resources } from '../resources.ts';
import { createReplicationReader } from '../source/replication.ts';
import type { SourceReader } from '../source/source-reader.ts';
import { createTableGuard } from '../source/table-guard.ts';
import { createAlertStore } from './alert-store.ts';
import { type GatherOptions, gatherFacts } from './gather.ts';
import { createLeadership } from './leadership.ts';
import { createWatchMetrics } from './metrics.ts';
import { createNotifier, type Notifier } from './notify.ts';
import { startWatch, type Watch } from './watch.ts';

export interface WatchPipelineOptions extends Pick<GatherOptions, 'summary' | 'recordSizes'> {
  readonly context: MainContext<MonitorConfig>;
  readonly resources: Resources;
  readonly groups: ConsumerGroups;
  readonly source: SourceReader;
}

/** Looks after the pipeline: what is wrong becomes an alert, and one of the monitors acts on it. */
export function watchPipeline(options: WatchPipelineOptions): Watch {
  const { context, resources, groups, source, summary, recordSizes } = options;
  const { databases, connect, admin, audit, registry, nowMs } = resources;
  const { consumers, products } = databases;
  const { config } = context;
  const log = context.log.child({ part: 'watch' });
  const slotName = config.REPLICATION_SLOT;
  const notifier = notifierOf(options);
  // Its own reader: the rate at which WAL is kept must not depend on requests in between.
  const replication = createReplicationReader({ products, slotName, nowMs });
  return startWatch({
    gather: () =>
      gatherFacts({
        names: config.CONSUMER_GROUPS,
        ...{ connect, replication, source, slotName, admin, consumers, nowMs, log },
        ...{ summary, recordSizes },
        lag: () => groups.lag(),
        onRetired: (retired) => groups.leaveOut(retired),
        maxRecordBytes: config.MAX_RECORD_BYTES,
      }),
    thresholds: config,
    holdMs: config.ALERT_AFTER_SECONDS * 1_000,
    store: createAlertStore(databases.monitoring, { tells: notifier !== undefined }),
    leadership: createLeadership(databases.monitoring, log),
    notifier,
    tableGuard: config.TABLE_GUARD
      ? createTableGuard({
          ...{ connect, products, consumers, admin, audit, nowMs },
          log: context.log.child({ part: 'table guard' }),
        })
      : undefined,
    metrics: createWatchMetrics(registry, nowMs),
    ...{ connect, audit, nowMs, log },
  });
}

function notifierOf({ context, resources }: WatchPipelineOptions): Notifier | undefined {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = context.config;
  if (url === undefined || secret === undefined) return undefined;
  const { databases, nowMs } = resources;
  const log = context.log.child({ part: 'alerts' });
  return createNotifier({ pool: databases.monitoring, url, secret, nowMs, log });
}
