import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from '../logging.ts';
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
    // The rest of a body that is not read would be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    if (response.headersSent) response.destroy();
    else sendProblem(response, problem);
  };
}
