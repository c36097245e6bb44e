import { commandArguments } from '@shelfcast/consumers/operations/command-arguments';
import {
  type DeadLetter,
  listDeadLetters,
  parkedBehind,
} from '@shelfcast/consumers/operations/dead-letters';
import type { RecordDecoding } from '@shelfcast/schemas/record-change';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { mayAct } from '@shelfcast/service-kit/auth/caller';
import type { ReadBody } from '@shelfcast/service-kit/http/body';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { bodyOf, checked, queryOf, readJson } from '../http/read-json.ts';
import { noQuery } from '../http/read-query.ts';
import { type ConsumerCommands, sendCommand } from './consumer-commands.ts';
import { cursorAfter, parseCursor } from './dead-letter-cursor.ts';
import { describeRecord, maskParked } from './describe-record.ts';

export interface DeadLetterRoutesOptions {
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly readBody: ReadBody;
  readonly commands: ConsumerCommands;
  readonly decoding: RecordDecoding;
  /** Columns that only operators see. */
  readonly maskedFields: ReadonlySet<string>;
  /** Makes a caller's costly requests wait for one another. */
  readonly turns: () => RequestHandler;
  /** Names of the consumers there are. */
  readonly names: readonly string[];
}

/** Records of one key that are shown with its dead letter; the first one always is. */
const SHOWN = { changes: 20, bytes: 1024 * 1024 };
const NOTHING: ReadonlySet<string> = new Set();
const ID = /^\d{1,18}$/;

const listSchema = z.strictObject({
  consumer: z.string().optional(),
  entity: z.string().optional(),
  key: z.string().optional(),
  errorType: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(200).optional(),
});
const redriveOneSchema = z.strictObject({
  edit: z.record(z.string(), z.unknown()).optional(),
  force: z.boolean().optional(),
  dryRun: z.boolean().optional(),
});
const reasonSchema = z.string().trim().min(1).max(1_000);
const discardOneSchema = z.strictObject({ reason: reasonSchema, dryRun: z.boolean().optional() });
/** A misspelt `dryRun` is no reason to do it to everything. */
const manySchemas = {
  redrive: commandArguments.redrive.strict(),
  discard: commandArguments.discard.safeExtend({ reason: reasonSchema }).strict(),
} as const;

/** What consumers could not apply: everyone who may look sees it, operators decide what becomes of it. */
export function deadLetterRoutes(options: DeadLetterRoutesOptions): Router {
  const { authorizer, audit, readBody, commands, decoding, maskedFields } = options;
  const { pool: consumers } = commands;
  const whichSchema = z.looseObject({ consumer: z.enum(options.names) });
  const viewer = authorizer.require('viewer');
  const [lists, records] = [options.turns(), options.turns()];
  const asOperator = (handler: RequestHandler): RequestHandler[] => [
    authorizer.require('operator'),
    ...readJson(readBody),
    handler,
  ];

  async function find(request: Request): Promise<DeadLetter> {
    const { id } = request.params;
    if (typeof id === 'string' && ID.test(id)) {
      const [letter] = await listDeadLetters(consumers, { id, limit: 1 });
      if (letter !== undefined) return letter;
    }
    throw new Problem('not-found', 'There is no such dead letter; only the oldest of a key is one');
  }

  async function command(
    request: Request,
    kind: 'redrive' | 'discard',
    { consumer, target, args }: { consumer: string; target: string; args: object },
  ) {
    const who = authorizer.callerOf(request).name;
    return await audit.record({ who, action: kind, target, request: args }, () =>
      sendCommand(commands, { consumer, kind, args, by: who }),
    );
  }

  const toMany =
    (kind: keyof typeof manySchemas): RequestHandler =>
    async (request, response) => {
      const { consumer, ...selection } = bodyOf(request, whichSchema);
      const args = checked(selection, manySchemas[kind]);
      response.json(await command(request, kind, { consumer, target: consumer, args }));
    };

  return Router()
    .get('/api/dead-letters', viewer, lists, async (request, response) => {
      const { cursor, ...query } = queryOf(request, listSchema);
      const after = cursor === undefined ? {} : { after: parseCursor(cursor) };
      const items = await listDeadLetters(consumers, { ...query, ...after });
      const last = items.length === query.limit ? items.at(-1) : undefined;
      response.json({ items, nextCursor: last === undefined ? null : cursorAfter(last) });
    })
    .get('/api/dead-letters/:id', viewer, noQuery, records, async (request, response) => {
      const letter = await find(request);
      const waiting = await parkedBehind(consumers, letter, SHOWN);
      const shown = [];
      const hidden = mayAct(authorizer.callerOf(request), 'operator') ? NOTHING : maskedFields;
      for (const change of waiting) {
        shown.push(maskParked(await describeRecord(decoding, change), hidden));
      }
      response.json({ ...letter, records: shown });
    })
    .post('/api/dead-letters/redrive', asOperator(toMany('redrive')))
    .post('/api/dead-letters/discard', asOperator(toMany('discard')))
    .post(
      '/api/dead-letters/:id/redrive',
      asOperator(async (request, response) => {
        const given = bodyOf(request, redriveOneSchema);
        const { id, consumer } = await find(request);
        const args = { ids: [id], ...given };
        response.json(
          await command(request, 'redrive', { consumer, target: `${consumer}/${id}`, args }),
        );
      }),
    )
    .post(
      '/api/dead-letters/:id/discard',
      asOperator(async (request, response) => {
        const given = bodyOf(request, discardOneSchema);
        const { id, consumer } = await find(request);
        const args = { ids: [id], ...given };
        response.json(
          await command(request, 'discard', { consumer, target: `${consumer}/${id}`, args }),
        );
      }),
    );
}
