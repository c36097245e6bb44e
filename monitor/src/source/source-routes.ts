import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { ConnectError } from '@shelfcast/connect-config/connect-error';
import { checkSource, type SourceFacts } from '@shelfcast/connect-config/health/check-source';
import type { SourceCheck } from '@shelfcast/connect-config/health/source-finding';
import type { ReplicationState } from '@shelfcast/schemas/monitor/operations';
import type { Audit } from '@shelfcast/service-kit/audit/audit';
import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import type { ReadBody } from '@shelfcast/service-kit/http/body';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { bodyOf, readJson } from '../http/read-json.ts';
import { noQuery } from '../http/read-query.ts';
import { describeConnector, readConnectors } from './connectors.ts';
import { heartbeatOf } from './heartbeat.ts';
import type { Replication, ReplicationReader } from './replication.ts';
import type { SourceReader } from './source-reader.ts';

export interface SourceRoutesOptions {
  readonly authorizer: Authorizer;
  readonly audit: Audit;
  readonly readBody: ReadBody;
  readonly connect: ConnectClient;
  readonly replication: ReplicationReader;
  readonly source: SourceReader;
}

const ACTIONS = ['restart', 'pause', 'resume'] as const;
const restartSchema = z.strictObject({ onlyFailed: z.boolean().default(true) });
const nothingSchema = z.strictObject({});

/** The connectors and the replication slot, and restarting, pausing and resuming a connector. */
export function sourceRoutes(options: SourceRoutesOptions): Router {
  const { authorizer, audit, readBody, connect, replication, source } = options;
  const viewer = authorizer.require('viewer');

  async function act(request: Request, action: (typeof ACTIONS)[number]): Promise<object> {
    const name = String(request.params.name);
    const args = bodyOf(request, action === 'restart' ? restartSchema : nothingSchema);
    const { onlyFailed = true } = restartSchema.partial().parse(args);
    // A name that is none could lead to another path of Connect's.
    if (!(await ofConnect(connect.connectors())).includes(name)) {
      throw new Problem('not-found', 'There is no such connector');
    }
    const who = authorizer.callerOf(request).name;
    const deed = { who, action: `connector.${action}`, target: name, request: args };
    return await audit.record(deed, async () => {
      await ofConnect(
        action === 'restart' ? connect.restart(name, { onlyFailed }) : connect[action](name),
      );
      return describeConnector(name, await ofConnect(connect.status(name)));
    });
  }

  const asOperator = (action: (typeof ACTIONS)[number]): RequestHandler[] => [
    authorizer.require('operator'),
    ...readJson(readBody),
    async (request, response) => {
      response.json(await act(request, action));
    },
  ];

  return Router()
    .get('/api/connectors', viewer, noQuery, async (_request, response) => {
      response.json({ items: await ofConnect(readConnectors(connect)) });
    })
    .get('/api/replication', viewer, noQuery, async (_request, response) => {
      response.json(toJson(await replication.read(), await source.read()));
    })
    .post('/api/connectors/:name/restart', asOperator('restart'))
    .post('/api/connectors/:name/pause', asOperator('pause'))
    .post('/api/connectors/:name/resume', asOperator('resume'));
}

/** Sizes are 64-bit numbers, as text. */
function toJson({ slotName, slot, burnRate }: Replication, source: SourceFacts): ReplicationState {
  const heartbeat = heartbeatOf(source);
  return {
    slotName,
    slot:
      slot === undefined
        ? null
        : {
            active: slot.active,
            walStatus: slot.walStatus,
            retainedWalBytes: String(slot.retainedWalBytes),
            safeWalSize: slot.safeWalSize === null ? null : String(slot.safeWalSize),
            invalidationReason: slot.invalidationReason,
          },
    heartbeatAgeMs: heartbeat.arrivedAgeMs ?? null,
    heartbeatWrittenAgeMs: heartbeat.writtenAgeMs ?? null,
    burnRate: burnRate ?? null,
    remedy: slotRemedy(source) ?? null,
  };
}

const SLOT_CHECKS: readonly SourceCheck[] = ['slot', 'slot-wal', 'offset'];

function slotRemedy(source: SourceFacts): string | undefined {
  const found = checkSource(source).database.filter(({ check }) => SLOT_CHECKS.includes(check));
  return found.find(({ remedy }) => remedy !== undefined)?.remedy;
}

async function ofConnect<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const { code, message: detail } = error;
    if (code === 'CONNECTOR_NOT_FOUND') throw new Problem('not-found', detail, { cause: error });
    if (code === 'CONNECT_REFUSED') throw new Problem('conflict', detail, { cause: error });
    throw new Problem('unavailable', detail, { cause: error, retryAfterSeconds: 2 });
  }
}
