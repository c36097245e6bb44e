import type { RequestHandler } from 'express';
import { Problem } from '../http/problem.ts';
import { isOriginAllowed } from './origin.ts';

/**
 * Refuses pages of other origins: a browser would send their requests with its credentials, and only keep the answers
 * from them. Allowed ones are told by CORS that they may read.
 */
export function onlyAllowedOrigins(allowed: readonly string[]): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    if (!isOriginAllowed(request.headers, allowed)) {
      throw new Problem('forbidden', 'Pages of this origin may not call');
    }
    if (origin === undefined || !allowed.includes(origin)) return next();
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    if (request.method !== 'OPTIONS') return next();
    response.setHeader(
      'access-control-allow-headers',
      'authorization, content-type, idempotency-key',
    );
    response.setHeader('access-control-allow-methods', 'GET, POST, PATCH, DELETE');
    response.status(204).end();
  };
}
