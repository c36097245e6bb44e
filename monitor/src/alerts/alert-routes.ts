import type { LiveHealth } from '@shelfcast/schemas/monitor/live';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { Router } from 'express';

/** GET /api/alerts: what fires, and what was resolved in the last days. */
export function alertRoutes({
  authorizer,
  health,
}: {
  readonly authorizer: Pick<Authorizer, 'require'>;
  readonly health: () => LiveHealth;
}): Router {
  return Router().get('/api/alerts', authorizer.require('viewer'), (_request, response) => {
    const { atMs, alerts } = health();
    response.json({ atMs, items: alerts });
  });
}
