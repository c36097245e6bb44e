import type { IncomingMessage } from 'node:http';
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../process/logging.ts';
import type { Problem } from './problem.ts';

/** Writes a problem as the answer (RFC 9457). */
export function sendProblem(response: Response, problem: Problem): void {
  if (problem.retryAfterSeconds !== undefined) {
    response.setHeader('retry-after', `${problem.retryAfterSeconds}`);
  }
  if (problem.status === 401) response.setHeader('www-authenticate', 'Bearer');
  response.status(problem.status).setHeader('content-type', 'application/problem+json');
  response.end(JSON.stringify(problem.body()));
}

const PASS_OVER_MS = 2_000;

/**
 * Reads the rest of a body that was refused and forgets it: a sender that is still busy sending would not see the answer
 * to a connection that is closed on it. One that does not come to an end is cut.
 */
function passOver(request: IncomingMessage): void {
  const timer = setTimeout(() => request.socket.destroy(), PASS_OVER_MS);
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

/** The one place where what a route throws becomes an answer. */
export function errorHandler(
  toProblem: (error: unknown) => Problem,
  log: Logger,
): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const problem = toProblem(error);
    const fields = { error, method: request.method, path: request.path, status: problem.status };
    if (problem.status === 500) log.error(fields, 'a request failed');
    else if (problem.status === 503) log.warn(fields, 'a request could not be served');
    if (!request.complete) passOver(request);
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem);
  };
}
