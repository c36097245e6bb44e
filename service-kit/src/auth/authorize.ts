import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { Problem } from '../http/problem.ts';
import type { Authenticator } from './authenticate.ts';
import { type Caller, mayAct, type Role } from './caller.ts';

export interface AuthorizerOptions {
  readonly authenticator: Authenticator;
  /** Requests per second and caller, and failed attempts to authenticate per second and address. */
  readonly limits: { readonly requests: number; readonly failures: number };
}

export interface Authorizer {
  /** Whether anyone may do everything, because nobody was configured. */
  readonly isOpen: boolean;
  /** Lets through who has the role, and remembers who it is. */
  require(role: Role): RequestHandler;
  /** Who calls; only behind `require`. */
  callerOf(request: Request): Caller;
}

export function createAuthorizer({ authenticator, limits }: AuthorizerOptions): Authorizer {
  const callers = new WeakMap<Request, Caller>();
  const limitRequests = perSecond(limits.requests, (request) => callers.get(request)?.name ?? '');
  const limitFailures = perSecond(limits.failures, ({ ip = '' }) => ipKeyGenerator(ip));

  return {
    isOpen: authenticator.isOpen,
    require: (role) => async (request, response, next) => {
      const { authorization, host } = request.headers;
      const caller = await authenticator
        .identify({ authorization, host })
        .catch((error: unknown) => {
          limitFailures(request, response, (limited?: unknown) => next(limited ?? error));
        });
      if (caller === undefined) return;
      if (!mayAct(caller, role)) {
        throw new Problem(
          'forbidden',
          `The role ${role} is needed; ${caller.name} is ${caller.role}`,
        );
      }
      callers.set(request, caller);
      limitRequests(request, response, next);
    },
    callerOf(request) {
      const caller = callers.get(request);
      if (caller === undefined) throw new Error('asked who calls before that was found out');
      return caller;
    },
  };
}

/** What goes beyond the limit of a second fails with a Problem, 429. */
function perSecond(limit: number, keyGenerator: (request: Request) => string): RequestHandler {
  return rateLimit({
    windowMs: 1_000,
    limit,
    keyGenerator,
    standardHeaders: false,
    legacyHeaders: false,
    handler: (_request, _response, next) => {
      next(new Problem('rate-limited', `More than ${limit} in a second`, { retryAfterSeconds: 1 }));
    },
  });
}
