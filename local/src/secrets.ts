import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from './errors.ts';
import { makePrivateFolder, readIfPresent, writeFileAtomically } from './files.ts';

/** Parts of the stack whose HTTP API needs a password, which nothing outside this machine's user has. */
export type Guarded = 'connect' | 'registry';

/** Who asks them. */
export const GUARD_USER = 'shelfcast';

/**
 * The password of a part of the stack or of a Postgres role: random, made when it is first asked for, kept in a folder
 * and a file of their owner alone.
 * @throws {LocalError} `SECRETS` when others may read it
 */
export function ownPassword(stateDir: string, name: Guarded | 'database' | 'debezium'): string {
  const folder = join(stateDir, 'secrets');
  const file = join(folder, name);
  const known = readIfPresent(file)?.trim();
  if (known) {
    if ((statSync(file).mode & 0o077) === 0) return known;
    throw new LocalError(
      'SECRETS',
      `Others may read ${file}: "chmod 600 ${file}", or delete it for a new one and "make stop start".`,
    );
  }
  makePrivateFolder(folder);
  const password = randomBytes(24).toString('base64url');
  writeFileAtomically(file, `${password}\n`);
  return password;
}

/** The password of a part that is asked by HTTP; people have it as `curl --config secrets/PART.curl ADDRESS`. */
export function guardPassword(stateDir: string, part: Guarded): string {
  const password = ownPassword(stateDir, part);
  const file = join(stateDir, 'secrets', `${part}.curl`);
  const text = `user = "${GUARD_USER}:${password}"\n`;
  if (readIfPresent(file) !== text) writeFileAtomically(file, text);
  return password;
}

/** An address with user and password, as clients of ours take it. */
export function guardedUrl(stateDir: string, part: Guarded, address: string): string {
  const url = new URL(address);
  url.username = GUARD_USER;
  url.password = guardPassword(stateDir, part);
  return url.toString().replace(/\/$/, '');
}
