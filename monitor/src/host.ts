import { createCodec } from '@shelfcast/schemas/codec';
import { createAuthorizer } from '@shelfcast/service-kit/auth/authorize';
import { mayAct } from '@shelfcast/service-kit/auth/caller';
import { onlyAllowedOrigins } from '@shelfcast/service-kit/auth/only-allowed-origins';
import { authenticatorOf } from '@shelfcast/service-kit/auth/settings';
import { createClock } from '@shelfcast/service-kit/clock';
import { assertBindAllowed } from '@shelfcast/service-kit/config/protected-mode';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/config/settings';
import { aboutRoute } from '@shelfcast/service-kit/http/about';
import { createApp } from '@shelfcast/service-kit/http/app';
import { operationRoutes } from '@shelfcast/service-kit/http/operation-routes';
import { serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import { inTurns } from '@shelfcast/service-kit/http/turns';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createRecordSizes } from './alerts/record-sizes.ts';
import type { MonitorConfig } from './config.ts';
import { openOperations } from './operations.ts';
import { createRelayMetrics } from './relay/metrics.ts';
import { startRelay } from './relay/relay.ts';
import { openStore } from './store.ts';

const NOTHING: ReadonlySet<string> = new Set();
/** Of one caller; and of failed attempts to say who one is, of one address. */
const REQUESTS_PER_SECOND = { requests: 1_000, failures: 20 };

/** Of one caller, of the requests whose answers are large. */
const TURNS = { concurrent: 4, waiting: 1_000 };

/** Opens what the monitor works with, serves, and registers how all of it is closed. */
export async function hostMonitor(context: MainContext<MonitorConfig>): Promise<void> {
  const { config, lifecycle, log } = context;
  const authenticator = authenticatorOf(config);
  assertBindAllowed({ host: config.HOST, authConfigured: !authenticator.isOpen });
  const authorizer = createAuthorizer({ authenticator, limits: REQUESTS_PER_SECOND });
  const mayRead = authorizer.require('viewer');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const codec = createCodec(registryConnection(config));
  lifecycle.onStop('codec', () => codec.close());
  const clientId = `monitor-${config.INSTANCE_ID}`;
  const kafka = createKafka({ connection: kafkaConnection(config), clientId, log });
  const turns = () =>
    inTurns({ ...TURNS, callerOf: (request) => authorizer.callerOf(request).name });
  const store = openStore({
    ...{ context, kafka, clientId, codec, registry, mayRead },
    turns,
    hiddenFrom: (request) =>
      mayAct(authorizer.callerOf(request), 'operator') ? NOTHING : config.MASKED_FIELDS,
  });
  const operations = openOperations({ context, kafka, codec, registry, authorizer, store, turns });
  const recordSizes = createRecordSizes(createClock());
  const relay = await startRelay({
    kafka,
    codec,
    authorizer,
    allowedOrigins: config.ALLOWED_ORIGINS,
    topic: config.MONITORING_TOPIC,
    onEvents: (events) => recordSizes.add(events),
    health: () => operations.health(),
    metrics: createRelayMetrics(registry),
    log: log.child({ part: 'relay' }),
    nowMs: createClock(),
    limits: { clients: config.LIVE_MAX_CLIENTS, recentReports: config.LIVE_RECENT_REPORTS },
  });
  lifecycle.onStop('relay', () => relay.stop());
  operations.watch({ summary: () => relay.summary(), recordSizes });

  const app = createApp({
    routers: [
      onlyAllowedOrigins(config.ALLOWED_ORIGINS),
      aboutRoute({
        title: 'Shelfcast monitor',
        says: 'Every step of every change, as reported: lists, numbers, lag, alerts.',
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
        mayRead,
        checks: { ...store.checks, relay: () => relay.notReady() },
      }),
      ...store.routers,
      ...operations.routers,
    ],
    toProblem,
    log,
  });
  const service = await serve({ host: config.HOST, port: config.PORT, app });
  lifecycle.onStop('http', () => service.close());
  relay.attach(service.server);
  log.info({ host: config.HOST, port: service.port }, 'serving');
}
