import { type RequestHandler, Router } from 'express';
import type { Registry } from 'prom-client';
import { type ReadinessCheck, runChecks } from '../process/health-server.ts';

export interface OperationRoutesOptions {
  readonly checks: Readonly<Record<string, ReadinessCheck>>;
  readonly registry: Registry;
  /** Lets only those through who may read. */
  readonly mayRead: RequestHandler;
}

const CHECK_TIMEOUT_MS = 2_000;

/** GET /livez and /readyz, which anyone may ask, and /metrics. */
export function operationRoutes({ checks, registry, mayRead }: OperationRoutesOptions): Router {
  return Router()
    .get('/livez', (_request, response) => {
      response.json({ alive: true });
    })
    .get('/readyz', async (_request, response) => {
      const state = await runChecks(checks, CHECK_TIMEOUT_MS);
      response
        .status(state.ready ? 200 : 503)
        .setHeader('cache-control', 'no-store')
        .json(state);
    })
    .get('/metrics', mayRead, async (_request, response) => {
      response.setHeader('content-type', registry.contentType).end(await registry.metrics());
    });
}
