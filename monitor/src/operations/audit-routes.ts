import type { Audit, AuditRecord } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { mayAct } from '@shelfcast/service-kit/auth/caller';
import { masked } from '@shelfcast/service-kit/config/masked-fields';
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { queryOf } from '../http/read-json.ts';

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
  maskedFields,
  turns,
}: {
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  /** Columns whose values in an edit only operators see. */
  readonly maskedFields: ReadonlySet<string>;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
}): Router {
  const viewer = authorizer.require('viewer');
  return Router().get('/api/audit', viewer, turns(), async (request, response) => {
    const { cursor, ...query } = queryOf(request, listSchema);
    const before = cursor === undefined ? {} : { before: cursor };
    const items = await audit.list({ ...query, ...before });
    const last = items.length === query.limit ? items.at(-1) : undefined;
    const isOperator = mayAct(authorizer.callerOf(request), 'operator');
    const shown = isOperator ? items : items.map((item) => withoutValues(item, maskedFields));
    response.json({ items: shown, nextCursor: last?.id ?? null });
  });
}

function withoutValues(item: AuditRecord, fields: ReadonlySet<string>): AuditRecord {
  const { request } = item;
  if (!('edit' in request)) return item;
  return { ...item, request: { ...request, edit: masked(request.edit, fields) } };
}
