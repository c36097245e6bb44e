import { countDeadLetters, listPauses } from '@shelfcast/consumers/operations/dead-letters';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { ReadBody } from '@shelfcast/service-kit/http/body';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { bodyOf, readJson } from '../http/read-json.ts';
import { noQuery } from '../http/read-query.ts';
import { type ConsumerCommands, sendCommand } from './consumer-commands.ts';

export interface ConsumerRoutesOptions {
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly readBody: ReadBody;
  readonly commands: ConsumerCommands;
  /** Names of the consumers there are. */
  readonly names: readonly string[];
}

const pauseSchema = z.strictObject({ reason: z.string().trim().min(1).max(1_000) });
const resumeSchema = z.strictObject({});

/** The consumers, and pausing one of them. */
export function consumerRoutes(options: ConsumerRoutesOptions): Router {
  const { authorizer, audit, readBody, commands, names } = options;
  const { pool: consumers } = commands;
  const asOperator = (handler: RequestHandler): RequestHandler[] => [
    authorizer.require('operator'),
    ...readJson(readBody),
    handler,
  ];

  function nameOf(request: Request): string {
    const name = names.find((known) => known === request.params.name);
    if (name === undefined) {
      throw new Problem('not-found', `The consumers are ${names.join(', ')}`);
    }
    return name;
  }

  async function command(request: Request, kind: 'pause' | 'resume', args: object): Promise<void> {
    const consumer = nameOf(request);
    const who = authorizer.callerOf(request).name;
    const deed = { who, action: `consumer.${kind}`, target: consumer, request: args };
    await audit.record(deed, () => sendCommand(commands, { consumer, kind, args, by: who }));
  }

  return Router()
    .get('/api/consumers', authorizer.require('viewer'), noQuery, async (_request, response) => {
      const pauses = await listPauses(consumers);
      const parked = await countDeadLetters(consumers);
      response.json({
        items: names.map((name) => ({
          name,
          paused: pauses.find(({ consumer }) => consumer === name) ?? null,
          deadLetters: keysOf(parked, name, 'dead'),
          retrying: keysOf(parked, name, 'retrying'),
        })),
      });
    })
    .post(
      '/api/consumers/:name/pause',
      asOperator(async (request, response) => {
        await command(request, 'pause', bodyOf(request, pauseSchema));
        response.json({ name: nameOf(request), paused: true });
      }),
    )
    .post(
      '/api/consumers/:name/resume',
      asOperator(async (request, response) => {
        await command(request, 'resume', bodyOf(request, resumeSchema));
        response.json({ name: nameOf(request), paused: false });
      }),
    );
}

function keysOf(
  counts: Awaited<ReturnType<typeof countDeadLetters>>,
  name: string,
  wanted: 'dead' | 'retrying',
): number {
  return counts.find(({ consumer, state }) => consumer === name && state === wanted)?.keys ?? 0;
}
