import express, { type Express, type RequestHandler } from 'express';
import type { HelmetOptions } from 'helmet';
import type { Logger } from '../process/logging.ts';
import { errorHandler } from './error-handler.ts';
import { Problem } from './problem.ts';
import { securityHeaders } from './security-headers.ts';

export interface AppOptions {
  readonly routers: readonly RequestHandler[];
  /** What a caller is told of a failure; `toProblem`, unless the service throws errors of its own. */
  readonly toProblem: (error: unknown) => Problem;
  readonly log: Logger;
  /** What helmet sets, where its defaults do not fit. */
  readonly security?: HelmetOptions;
}

/** The HTTP application: what every request passes, the routes, and what becomes of failures. */
export function createApp({ routers, toProblem, log, security }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.use(securityHeaders(security));
  for (const router of routers) app.use(router);
  app.use((request) => {
    throw new Problem('not-found', `There is nothing at ${request.path.slice(0, 200)}`);
  });
  app.use(errorHandler(toProblem, log));
  return app;
}
