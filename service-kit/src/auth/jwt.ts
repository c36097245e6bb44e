import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { Problem } from '../http/problem.ts';
import type { Caller } from './caller.ts';
import { highestRole, subjectOf } from './jwt-claims.ts';

export interface JwtOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are (a JWK set). */
  readonly jwksUrl: string;
  /** Signature algorithms that are taken; `none` and shared secrets never are. */
  readonly algorithms: readonly string[];
  /** Claim that lists the caller's roles, as names or as `shelfcast:<role>`. */
  readonly rolesClaim: string;
}

export type VerifyJwt = (token: string) => Promise<Caller>;

const JWKS_TIMEOUT_MS = 3_000;
const CLOCK_TOLERANCE_SECONDS = 5;

/** @returns a function that rejects with a Problem: 401 for a token that proves nothing, 403 without a role, 503 without keys */
export function createJwtVerifier(options: JwtOptions): VerifyJwt {
  const { issuer, audience, rolesClaim } = options;
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS });
  return async (token) => {
    const payload = await verified(async () => {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        algorithms: [...options.algorithms],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    });
    const subject = subjectOf(payload.sub);
    if (subject === undefined) {
      throw new Problem('unauthenticated', 'The token’s claim sub names no caller');
    }
    const role = highestRole(payload[rolesClaim]);
    if (role === undefined) {
      throw new Problem('forbidden', `The token’s claim ${rolesClaim} names no role of ours`);
    }
    return { name: `${issuer}#${subject}`, role, expiresAtMs: refusedFromMs(payload) };
  };
}

/** `exp` is required above. */
function refusedFromMs({ exp = 0 }: JWTPayload): number {
  return (exp + CLOCK_TOLERANCE_SECONDS) * 1_000;
}

async function verified(verify: () => Promise<JWTPayload>): Promise<JWTPayload> {
  try {
    return await verify();
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      throw new Problem('unauthenticated', 'The token has expired', { cause });
    }
    // Their classes: what is wrong with the token. The rest is about getting at the keys.
    const isToken =
      cause instanceof errors.JWTInvalid ||
      cause instanceof errors.JWTClaimValidationFailed ||
      cause instanceof errors.JWSInvalid ||
      cause instanceof errors.JWSSignatureVerificationFailed ||
      cause instanceof errors.JWKSNoMatchingKey ||
      cause instanceof errors.JWKSMultipleMatchingKeys ||
      cause instanceof errors.JOSEAlgNotAllowed ||
      cause instanceof errors.JOSENotSupported;
    if (isToken) throw new Problem('unauthenticated', 'The token is not valid here', { cause });
    throw new Problem('unavailable', 'The issuer’s keys cannot be had', {
      cause,
      retryAfterSeconds: 5,
    });
  }
}
