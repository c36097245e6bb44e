import { listAwaitedTopics } from '@shelfcast/connect-config/readers';
import { createAuthorizer } from '@shelfcast/service-kit/auth/authorize';
import { onlyAllowedOrigins } from '@shelfcast/service-kit/auth/only-allowed-origins';
import { authenticatorOf } from '@shelfcast/service-kit/auth/settings';
import { assertBindAllowed } from '@shelfcast/service-kit/config/protected-mode';
import { aboutRoute } from '@shelfcast/service-kit/http/about';
import { createApp } from '@shelfcast/service-kit/http/app';
import { operationRoutes } from '@shelfcast/service-kit/http/operation-routes';
import { serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { collectDefaultMetrics } from 'prom-client';
import { createRecordSizes } from './alerts/record-sizes.ts';
import type { Watch } from './alerts/watch.ts';
import { watchPipeline } from './alerts/watch-pipeline.ts';
import type { MonitorConfig } from './config.ts';
import { startStoring } from './ingest/storing.ts';
import { createConsumerGroups } from './lag/consumer-groups.ts';
import { observeLag } from './lag/metrics.ts';
import { createRelayMetrics } from './relay/metrics.ts';
import { startRelay } from './relay/relay.ts';
import { openResources } from './resources.ts';
import { monitorRouters } from './routers.ts';
import { createSourceReader } from './source/source-reader.ts';

/** Of one caller; and of failed attempts to say who one is, of one address. */
const REQUESTS_PER_SECOND = { requests: 1_000, failures: 20 };

/**
 * Puts the monitor together: it stores reports, relays them live, watches the pipeline, and answers. It begins at once,
 * also during an outage: what is asked of a database fails until that is there, and everything else works.
 */
export async function hostMonitor(context: MainContext<MonitorConfig>): Promise<void> {
  const { config, lifecycle, log } = context;
  const authenticator = authenticatorOf(config);
  assertBindAllowed({ host: config.HOST, authConfigured: !authenticator.isOpen });
  const authorizer = createAuthorizer({ authenticator, limits: REQUESTS_PER_SECOND });

  const resources = openResources(context);
  const { databases, kafka, admin, codec, registry, nowMs } = resources;
  collectDefaultMetrics({ register: registry });

  const groups = createConsumerGroups({
    admin: resources.groupsAdmin,
    reader: resources.recordReader,
    pool: databases.monitoring,
    groups: config.CONSUMER_GROUPS,
    otherGroups: [config.MONITORING_GROUP, 'capture-reports'],
    nowMs,
    log,
  });
  observeLag(registry, { groups, nowMs });
  const storing = startStoring({ context, resources, groups });
  lifecycle.onStop('ingest', () => storing.stop());

  const recordSizes = createRecordSizes(nowMs);
  let watch: Watch | undefined;
  /** Undefined before the first look at the pipeline. */
  const health = () => watch?.health();
  const relay = await startRelay({
    ...{ kafka, codec, authorizer, health, nowMs },
    allowedOrigins: config.ALLOWED_ORIGINS,
    topic: config.MONITORING_TOPIC,
    onEvents: (events) => recordSizes.add(events),
    metrics: createRelayMetrics(registry),
    log: log.child({ part: 'relay' }),
    limits: { clients: config.LIVE_MAX_CLIENTS, recentReports: config.LIVE_RECENT_REPORTS },
  });
  lifecycle.onStop('relay', () => relay.stop());

  const source = createSourceReader({
    products: databases.products,
    client: resources.connect,
    admin,
    reader: resources.sourceReader,
    slotName: config.REPLICATION_SLOT,
    topicPrefix: config.TOPIC_PREFIX,
    consumerGroups: config.CONSUMER_GROUPS,
    awaitedTopics: () => listAwaitedTopics(databases.consumers),
    nowMs,
  });
  const summary = () => relay.summary();
  watch = watchPipeline({ context, resources, groups, source, summary, recordSizes });
  lifecycle.onStop('watch', () => watch?.stop());

  const app = createApp({
    routers: [
      onlyAllowedOrigins(config.ALLOWED_ORIGINS),
      aboutRoute({
        title: 'Shelfcast monitor',
        summary: 'Every step of every change, as reported: lists, numbers, lag, alerts.',
        links: {
          'the dashboard': config.DASHBOARD_URL,
          'what was reported last': '/api/events',
          'numbers of the last minutes': '/api/summary',
          'what is wrong': '/api/alerts',
          'whether it is ready': '/readyz',
        },
      }),
      operationRoutes({
        registry,
        mayRead: authorizer.require('viewer'),
        checks: { ingest: () => storing.notReady(), relay: () => relay.notReady() },
      }),
      ...monitorRouters({ config, resources, authorizer, groups, source, health }),
    ],
    toProblem,
    log,
  });
  const service = await serve({ host: config.HOST, port: config.PORT, app });
  lifecycle.onStop('http', () => service.close());
  relay.attach(service.server);
  log.info({ host: config.HOST, port: service.port }, 'serving');
}
