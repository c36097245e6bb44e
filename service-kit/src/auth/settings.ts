import { z } from 'zod';
import { list, secret, url } from '../config/settings.ts';
import { messageOf } from '../message-of.ts';
import { type Authenticator, createAuthenticator } from './authenticate.ts';
import { createJwtVerifier, type VerifyJwt } from './jwt.ts';
import { parseStaticToken, type StaticToken } from './static-tokens.ts';

/** A shared secret or no signature at all would let anyone make tokens who knows the public key, or nothing. */
const ALGORITHM = /^(RS|PS|ES)(256|384|512)$|^EdDSA$/;

function apiTokens() {
  return z
    .string()
    .default('')
    .transform((text, context) => {
      const tokens: StaticToken[] = [];
      for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
        try {
          tokens.push(parseStaticToken(entry));
        } catch (error) {
          const message = messageOf(error);
          context.issues.push({ code: 'custom', message, input: undefined });
        }
      }
      return tokens;
    });
}

/** Who may call a service. */
export const authSettings = {
  /** Who may call with a token of their own: `name:role:sha256-of-the-token`, separated by commas. */
  API_TOKENS: secret(apiTokens()),
  /** Who issues JWTs for callers, and where its keys are. */
  OIDC_ISSUER: url('http', 'https').optional(),
  OIDC_AUDIENCE: z.string().default('shelfcast'),
  OIDC_JWKS_URL: url('http', 'https').optional(),
  OIDC_ALGORITHMS: list('signature algorithms')
    .prefault('RS256,ES256')
    .refine(
      (names) => names.every((name) => ALGORITHM.test(name)),
      'must be asymmetric algorithms such as RS256, PS256, ES256 or EdDSA',
    ),
  OIDC_ROLES_CLAIM: z.string().default('roles'),
};

/** Which pages may call a service. */
export const originSettings = {
  /** Origins of pages that may call besides those served from this address, separated by commas. */
  ALLOWED_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter(Boolean),
    )
    .refine(
      (origins) => origins.every((one) => URL.canParse(one) && new URL(one).origin === one),
      'must be origins such as https://dashboard.example, separated by commas',
    ),
};

type AuthConfig = z.output<z.ZodObject<typeof authSettings>>;

/** Who may call, from settings read with `authSettings`. */
export function authenticatorOf(config: AuthConfig): Authenticator {
  return createAuthenticator({ tokens: config.API_TOKENS, verifyJwt: jwtVerifier(config) });
}

function jwtVerifier(config: AuthConfig): VerifyJwt | undefined {
  const { OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl } = config;
  if (issuer === undefined) return undefined;
  return createJwtVerifier({
    issuer,
    audience: config.OIDC_AUDIENCE,
    jwksUrl: jwksUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
    algorithms: config.OIDC_ALGORITHMS,
    rolesClaim: config.OIDC_ROLES_CLAIM,
  });
}
