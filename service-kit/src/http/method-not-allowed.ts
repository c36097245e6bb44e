import type { RequestHandler } from 'express';
import { Problem } from './problem.ts';

/** Answers 405 for what a path does not do; after the routes of that path. */
export function methodNotAllowed(...allowed: readonly string[]): RequestHandler {
  const allow = allowed.join(', ');
  return (request, response) => {
    response.setHeader('allow', allow);
    throw new Problem('method-not-allowed', `${request.method} is none of ${allow}`);
  };
}
