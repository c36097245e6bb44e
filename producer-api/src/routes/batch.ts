import type { Authorizer } from '@shelfcast/service-kit/auth/authorize';
import { bodyOf, type ReadBody } from '@shelfcast/service-kit/http/body';
import { methodNotAllowed } from '@shelfcast/service-kit/http/method-not-allowed';
import { invalid, Problem, type ProblemBody } from '@shelfcast/service-kit/http/problem';
import { sendJson } from '@shelfcast/service-kit/http/send-json';
import { type RequestHandler, Router } from 'express';
import { eventFormat } from '../http/content-type.ts';
import { toProblem } from '../http/to-problem.ts';
import { traceOf } from '../http/trace.ts';
import { idempotencyKeyOf, nameEvent } from '../idempotency/name-event.ts';
import { type JsonValue, parseJson } from '../json/parse-json.ts';
import type { Accept, AcceptContext } from '../publish/accept.ts';
import { readStructured } from '../publish/cloud-event.ts';
import { readPlainEnvelope } from '../publish/envelope.ts';
import type { Receipt } from '../publish/event.ts';
import type { Intake, Submission } from '../publish/intake.ts';
import type { Incoming } from './incoming.ts';

export interface BatchRoutesOptions {
  readonly accept: Accept;
  readonly intake: Intake;
  readonly authorizer: Authorizer;
  readonly readBody: ReadBody;
  readonly maxBatchBytes: number;
  readonly maxBatchEvents: number;
}

/** What became of one event of a batch. */
type ItemResult =
  | ({ readonly status: 202 } & Receipt)
  | { readonly status: number; readonly problem: ProblemBody };

/**
 * POST /events/batch: an array of events, or of CloudEvents (application/cloudevents-batch+json). Each event has a
 * fate of its own: 202 when all are durable, 503 when none is and all may be tried again, else 207.
 */
export function batchRoutes(options: BatchRoutesOptions): Router {
  const { accept, intake, authorizer, readBody, maxBatchBytes, maxBatchEvents } = options;

  async function prepare(
    read: ReturnType<typeof readPlainEnvelope>,
    context: AcceptContext,
    place: { readonly key: string | undefined; readonly item: number; readonly of: number },
  ): Promise<Submission | Problem> {
    if (!read.ok) return invalid(read.violations);
    try {
      const { envelope } = read;
      return { event: await accept(envelope, context), name: nameEvent(envelope, place) };
    } catch (error) {
      const problem = toProblem(error);
      if (problem.kind === 'internal') throw error;
      return problem;
    }
  }

  const post: RequestHandler = async (request, response) => {
    const key = idempotencyKeyOf(request.headers);
    const { name: caller } = authorizer.callerOf(request);
    const context = { caller, trace: traceOf(request.headers) };
    const reads = readBatch({ headers: request.headers, body: bodyOf(request) }, maxBatchEvents);
    const of = reads.length;
    const prepared = await Promise.all(
      reads.map((read, item) => prepare(read, context, { key, item, of })),
    );
    const submissions = prepared.flatMap((one) => (one instanceof Problem ? [] : [one]));
    const fates = await intake.submit(caller, submissions);
    let next = 0;
    let listed = 0;
    const results = prepared.map((one): ItemResult => {
      const outcome = one instanceof Problem ? one : fates[next++]?.outcome;
      if (outcome === undefined || outcome instanceof Error) {
        const { status, problem } = shortened(toProblem(outcome), MAX_VIOLATIONS - listed);
        listed += problem.violations?.length ?? 0;
        return { status, problem };
      }
      return { status: 202, ...outcome };
    });
    const statuses = new Set(results.map(({ status }) => status));
    if (statuses.size === 1 && statuses.has(503)) {
      throw new Problem('unavailable', 'No event of the batch is known to be written', {
        retryAfterSeconds: 2,
      });
    }
    if (fates.some(({ replayed }) => replayed)) response.setHeader('idempotent-replayed', 'true');
    sendJson(response, statuses.size === 1 && statuses.has(202) ? 202 : 207, { results });
  };
  return Router()
    .post('/events/batch', authorizer.require('publisher'), readBody(maxBatchBytes), post)
    .all('/events/batch', methodNotAllowed('POST'));
}

/** Violations listed in an answer, beside the first of each event. */
const MAX_VIOLATIONS = 500;

/** A problem with its first violations; its detail says how many there are. */
function shortened(problem: Problem, most: number): { status: number; problem: ProblemBody } {
  const { violations, ...body } = problem.body();
  const { status } = problem;
  if (violations === undefined) return { status, problem: body };
  return { status, problem: { ...body, violations: violations.slice(0, Math.max(1, most)) } };
}

function readBatch({ headers, body }: Incoming, maxEvents: number) {
  const format = eventFormat(headers);
  if (format === 'structured' || format === 'binary') {
    throw new Problem(
      'unsupported-media-type',
      'A batch is an array; one CloudEvent goes to /events',
    );
  }
  const events = parseJson(body);
  if (!isList(events)) throw notABatch('wrong_type', 'must be an array of events');
  if (events.length === 0) throw notABatch('too_short', 'must have at least 1 event');
  if (events.length > maxEvents)
    throw notABatch('too_long', `must have at most ${maxEvents} events`);
  const read = format === 'plain' ? readPlainEnvelope : readStructured;
  return events.map((event, index) => read(event, `/${index}`));
}

function notABatch(code: 'wrong_type' | 'too_short' | 'too_long', detail: string): Problem {
  return invalid([{ pointer: '', code, detail }]);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
