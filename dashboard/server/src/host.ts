import { existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createAuthorizer } from '@shelfcast/service-kit/auth/authorize';
import { authenticatorOf } from '@shelfcast/service-kit/auth/settings';
import { assertBindAllowed } from '@shelfcast/service-kit/config/protected-mode';
import { createApp } from '@shelfcast/service-kit/http/app';
import { operationRoutes } from '@shelfcast/service-kit/http/operation-routes';
import { serve } from '@shelfcast/service-kit/http/serve';
import { toProblem } from '@shelfcast/service-kit/http/to-problem';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createClosedCheck } from './closed-upstream.ts';
import type { DashboardConfig } from './config.ts';
import { forwarding } from './forwarding.ts';
import { PAGES_DIR, pageSecurity, pages } from './pages.ts';
import { createUpstream } from './upstream.ts';

const REQUESTS_PER_SECOND = { requests: 1_000, failures: 20 };

/** Serves the pages, and under the same address the monitor and the producer API. */
export async function hostDashboard({
  config,
  lifecycle,
  log,
}: MainContext<DashboardConfig>): Promise<void> {
  const authenticator = authenticatorOf(config);
  assertBindAllowed({ host: config.HOST, authConfigured: !authenticator.isOpen });
  const authorizer = createAuthorizer({ authenticator, limits: REQUESTS_PER_SECOND });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const behind = (name: string, url: string) =>
    createUpstream({
      ...{ name, url, log },
      assertClosed: createClosedCheck({ name, url, authConfigured: !authenticator.isOpen }),
    });
  const monitor = behind('The monitor', config.MONITOR_URL);
  const producer = behind('The producer API', config.PRODUCER_API_URL);

  const app = createApp({
    routers: [
      operationRoutes({
        registry,
        mayRead: authorizer.require('viewer'),
        // Not the monitor's readiness: without it the pages still come, and say what is wrong.
        checks: {
          pages: () => (existsSync(join(PAGES_DIR, 'index.html')) ? undefined : 'not built'),
        },
      }),
      forwarding({ monitor, producer }),
      pages(PAGES_DIR),
    ],
    toProblem,
    log,
    security: pageSecurity,
  });
  const service = await serve({ host: config.HOST, port: config.PORT, app });
  lifecycle.onStop('http', () => service.close());
  lifecycle.onStop('upstreams', () => {
    monitor.close();
    producer.close();
  });
  service.server.on('upgrade', (request, socket, head) => {
    const isLive = request.url?.startsWith('/socket.io/') ?? false;
    if (isLive && socket instanceof Socket) monitor.upgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
  });
  log.info({ host: config.HOST, port: service.port }, 'serving');
}
