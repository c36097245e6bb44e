import { createHash, timingSafeEqual } from 'node:crypto';
import { type Caller, ROLES } from './caller.ts';

/** A token as the configuration holds it: what it hashes to, never the token. */
export interface StaticToken extends Caller {
  /** SHA-256 of the token. Tokens are long and random, so a slow hash would protect nothing more. */
  readonly hash: Buffer;
}

const ENTRY = /^([A-Za-z0-9._-]{1,64}):([a-z]+):([0-9a-f]{64})$/;

/**
 * Reads `name:role:sha256-in-hex`.
 * @throws Error saying what is wrong, without the hash
 */
export function parseStaticToken(entry: string): StaticToken {
  const [, name, roleName, hex] = ENTRY.exec(entry.trim()) ?? [];
  const role = ROLES.find((known) => known === roleName);
  if (name === undefined || hex === undefined || role === undefined) {
    throw new Error(
      `must be name:role:hash, with a role of ${ROLES.join(', ')} and a SHA-256 in hex`,
    );
  }
  return { name, role, hash: Buffer.from(hex, 'hex') };
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** Whose token it is. Every hash is compared, so that the time tells nothing about any of them. */
export function findToken(tokens: readonly StaticToken[], token: string): Caller | undefined {
  const hash = hashToken(token);
  let found: StaticToken | undefined;
  for (const candidate of tokens) {
    if (timingSafeEqual(candidate.hash, hash)) found = candidate;
  }
  return found === undefined ? undefined : { name: found.name, role: found.role };
}
