import type { LiveHealth } from '@shelfcast/schemas/monitor/live';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { Router } from 'express';
import { noQuery } from '../http/read-query.ts';

/** GET /api/alerts: what fires, and what was resolved in the last days; 503 before the first look. */
export function alertRoutes({
  authorizer,
  health,
}: {
  readonly authorizer: Pick<Authorizer, 'require'>;
  readonly health: () => LiveHealth | undefined;
}): Router {
  return Router().get(
    '/api/alerts',
    authorizer.require('viewer'),
    noQuery,
    (_request, response) => {
      const last = health();
      if (last === undefined) {
        throw new Problem('unavailable', 'Nothing was looked at yet, so alerts are not known', {
          retryAfterSeconds: 1,
        });
      }
      response.json({ atMs: last.atMs, items: last.alerts });
    },
  );
}
