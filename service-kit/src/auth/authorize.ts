import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { Problem } from '../http/problem.ts';
import type { Authenticator, Credentials } from './authenticate.ts';
import { type Caller, mayAct, type Role } from './caller.ts';

export interface AuthorizerOptions {
  readonly authenticator: Authenticator;
  /** Requests per second and caller, and failed attempts to authenticate per second and address. */
  readonly limits: { readonly requests: number; readonly failures: number };
  /** The clock that failed attempts are counted by; default `performance.now`. */
  readonly nowMs?: () => number;
}

/** A handler that tells which role it asks for: `accessOf` lists it. */
export type Guard = RequestHandler & { readonly role: Role };

export interface Authorizer {
  /** Whether anyone may do everything, because no token or issuer was configured. */
  readonly isOpen: boolean;
  /** Lets through who has the role, and remembers who it is. */
  require(role: Role): Guard;
  /**
   * Who it is, for what is no request of Express: the handshake of a socket. Failures count with those of requests.
   * @throws {Problem} as the authenticator; 429 instead when the address has failed too often
   */
  identify(credentials: Credentials, address: string): Promise<Caller>;
  /** Who calls; only behind `require`. */
  callerOf(request: Request): Caller;
}

export function createAuthorizer({
  authenticator,
  limits,
  nowMs = () => performance.now(),
}: AuthorizerOptions): Authorizer {
  const callers = new WeakMap<Request, Caller>();
  const limitRequests = perSecond(limits.requests, (request) => callers.get(request)?.name ?? '');
  const failures = countFailures(nowMs);

  async function identify(credentials: Credentials, address: string): Promise<Caller> {
    try {
      return await authenticator.identify(credentials);
    } catch (error) {
      throw failures.add(address) > limits.failures ? tooMany(limits.failures) : error;
    }
  }

  return {
    isOpen: authenticator.isOpen,
    identify,
    require(role) {
      const guard: RequestHandler = async (request, response, next) => {
        const { authorization, host } = request.headers;
        const caller = await identify({ authorization, host }, request.ip ?? '');
        if (!mayAct(caller, role)) {
          throw new Problem(
            'forbidden',
            `The role ${role} is needed; ${caller.name} is ${caller.role}`,
          );
        }
        callers.set(request, caller);
        limitRequests(request, response, next);
      };
      return Object.assign(guard, { role });
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
      next(tooMany(limit));
    },
  });
}

/** Failed attempts of each address in the second that is; a network of IPv6 counts as one address. */
function countFailures(nowMs: () => number): { add(address: string): number } {
  let second = 0;
  const counts = new Map<string, number>();
  return {
    add(address) {
      const now = Math.floor(nowMs() / 1_000);
      if (now !== second) counts.clear();
      second = now;
      const key = ipKeyGenerator(address);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count;
    },
  };
}

function tooMany(limit: number): Problem {
  return new Problem('rate-limited', `More than ${limit} in a second`, { retryAfterSeconds: 1 });
}
