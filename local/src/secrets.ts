import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from './errors.ts';
import { readIfPresent, writeFileAtomically } from './files.ts';

/** Parts of the stack whose HTTP API needs a password, which nothing outside this machine's user has. */
export type Guarded = 'connect' | 'registry';

/** Who asks them. */
export const GUARD_USER = 'shelfcast';

/**
 * The password of a part: random, made when it is first asked for, kept in a folder and a file of their owner alone.
 * @throws {LocalError} `SECRETS` when others may read it
 */
export function guardPassword(stateDir: string, part: Guarded): string {
  const folder = join(stateDir, 'secrets');
  const file = join(folder, part);
  const known = readIfPresent(file)?.trim();
  if (known) {
    if ((statSync(file).mode & 0o077) === 0) return known;
    throw new LocalError(
      'SECRETS',
      `Others may read ${file}: "chmod 600 ${file}", or delete it for a new one and "make stop start".`,
    );
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const password = randomBytes(24).toString('base64url');
  writeFileAtomically(file, `${password}\n`);
  // For people: curl --config FILE ADDRESS.
  writeFileAtomically(`${file}.curl`, `user = "${GUARD_USER}:${password}"\n`);
  return password;
}

/** An address with user and password, as clients of ours take it. */
export function guardedUrl(stateDir: string, part: Guarded, address: string): string {
  const url = new URL(address);
  url.username = GUARD_USER;
  url.password = guardPassword(stateDir, part);
  return url.toString().replace(/\/$/, '');
}
