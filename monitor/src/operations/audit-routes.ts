import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { Router } from 'express';
import { z } from 'zod';
import { queryOf } from '../http/read-json.ts';
import type { Audit } from './audit.ts';

const listSchema = z.strictObject({
  who: z.string().optional(),
  action: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
});

/** GET /api/audit: what was done through the monitor, the newest first. */
export function auditRoutes({
  authorizer,
  audit,
}: {
  readonly authorizer: Authorizer;
  readonly audit: Audit;
}): Router {
  return Router().get('/api/audit', authorizer.require('viewer'), async (request, response) => {
    const { cursor, ...query } = queryOf(request, listSchema);
    const before = cursor === undefined ? {} : { before: cursor };
    const items = await audit.list({ ...query, ...before });
    const last = items.length === query.limit ? items.at(-1) : undefined;
    response.json({ items, nextCursor: last?.id ?? null });
  });
}
