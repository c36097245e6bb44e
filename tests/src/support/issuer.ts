import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, SignJWT } from 'jose';
import { listen } from './listen.ts';

/** Issues JWTs, and serves the key they are verified with. */
export interface Issuer {
  readonly name: string;
  readonly jwksUrl: string;
  token(of: { readonly role: string; readonly expiresInSeconds: number }): Promise<string>;
  close(): Promise<void>;
}

const NAME = 'https://issuer.test';

export async function openIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const { origin, close } = await listen(
    createServer((_request, response) => response.end(JSON.stringify({ keys: [jwk] }))),
  );
  return {
    name: NAME,
    jwksUrl: `${origin}/jwks`,
    token: ({ role, expiresInSeconds }) =>
      new SignJWT({ roles: [role] })
        .setProtectedHeader({ alg: 'ES256', kid: 'one' })
        .setIssuer(NAME)
        .setAudience('shelfcast')
        .setSubject('test')
        .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSeconds)
        .sign(privateKey),
    close,
  };
}
