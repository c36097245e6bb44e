import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { bodyOf, type ReadBody } from '@shelfcast/service-kit/http/body';
import { methodNotAllowed } from '@shelfcast/service-kit/http/method-not-allowed';
import { invalid, Problem } from '@shelfcast/service-kit/http/problem';
import { sendJson } from '@shelfcast/service-kit/http/send-json';
import { type RequestHandler, Router } from 'express';
import { eventFormat } from '../http/content-type.ts';
import { traceOf } from '../http/trace.ts';
import { idempotencyKeyOf, nameEvent } from '../idempotency/name-event.ts';
import { parseJson } from '../json/parse-json.ts';
import type { Accept } from '../publish/accept.ts';
import { readBinary, readStructured } from '../publish/cloud-event.ts';
import { type ReadEnvelope, readPlainEnvelope } from '../publish/envelope.ts';
import type { Intake } from '../publish/intake.ts';
import type { Incoming } from './incoming.ts';

export interface EventRoutesOptions {
  readonly accept: Accept;
  readonly intake: Intake;
  readonly authorizer: Authorizer;
  readonly readBody: ReadBody;
  readonly maxEventBytes: number;
}

/** POST /events: 202 with a receipt when the event and its report are durable. */
export function eventRoutes(options: EventRoutesOptions): Router {
  const { accept, intake, authorizer, readBody, maxEventBytes } = options;
  const post: RequestHandler = async (request, response) => {
    const { headers } = request;
    const key = idempotencyKeyOf(headers);
    const read = readEnvelope({ headers, body: bodyOf(request) });
    if (!read.ok) throw invalid(read.violations);
    const { envelope } = read;
    const { name: caller } = authorizer.callerOf(request);
    const event = await accept(envelope, { caller, trace: traceOf(headers) });
    const name = nameEvent(envelope, { key, item: 0, of: 1 });
    const [fate] = await intake.submit(caller, [{ event, name }]);
    if (fate === undefined || fate.outcome instanceof Error) throw fate?.outcome;
    if (fate.replayed) response.setHeader('idempotent-replayed', 'true');
    sendJson(response, 202, fate.outcome);
  };
  return Router()
    .post('/events', authorizer.require('publisher'), readBody(maxEventBytes), post)
    .all('/events', methodNotAllowed('POST'));
}

function readEnvelope({ headers, body }: Incoming): ReadEnvelope {
  switch (eventFormat(headers)) {
    case 'plain':
      return readPlainEnvelope(parseJson(body));
    case 'structured':
      return readStructured(parseJson(body));
    case 'binary':
      return readBinary(headers, parseJson(body));
    case 'cloudevents-batch':
      throw new Problem('unsupported-media-type', 'Several events go to /events/batch');
  }
}
