import { hostOf, isLoopback } from '../config/protected-mode.ts';
import { Problem } from '../http/problem.ts';
import { ANYONE, type Caller } from './caller.ts';
import type { VerifyJwt } from './jwt.ts';
import { findToken, type StaticToken } from './static-tokens.ts';

export interface AuthenticatorOptions {
  readonly tokens: readonly StaticToken[];
  /** Undefined: no OIDC issuer is configured. */
  readonly verifyJwt: VerifyJwt | undefined;
}

/** What a request says of itself, by HTTP or in the handshake of a socket. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly host: string | undefined;
}

export interface Authenticator {
  /** Whether anyone may do everything, because no token or issuer was configured. */
  readonly isOpen: boolean;
  /** @throws {Problem} 401 who is not known, 403 without a role, 421 for another host, 503 without the issuer's keys */
  identify(credentials: Credentials): Promise<Caller>;
}

const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/;

export function createAuthenticator({ tokens, verifyJwt }: AuthenticatorOptions): Authenticator {
  const isOpen = tokens.length === 0 && verifyJwt === undefined;
  return {
    isOpen,
    async identify({ authorization = '', host = '' }) {
      if (isOpen) {
        refuseForeignHost(host);
        return ANYONE;
      }
      const [scheme = '', token, ...rest] = authorization.split(' ');
      if (scheme.toLowerCase() !== 'bearer' || !token || rest.length > 0) {
        throw new Problem('unauthenticated', 'A bearer token is needed');
      }
      const known = findToken(tokens, token);
      if (known !== undefined) return known;
      if (verifyJwt !== undefined && JWT.test(token)) return await verifyJwt(token);
      throw new Problem('unauthenticated', 'The token is not valid here');
    },
  };
}

/**
 * A page somewhere on the web can have its own name lead to 127.0.0.1 and so reach, with a visitor's browser,
 * what is open to this machine only (DNS rebinding). It cannot forge the Host header.
 */
function refuseForeignHost(given: string): void {
  if (!isLoopback(hostOf(given))) {
    throw new Problem('misdirected', 'Without authentication only this machine is answered');
  }
}
