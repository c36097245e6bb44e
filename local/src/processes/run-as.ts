import { chownSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isErrno } from '../errno.ts';
import { LocalError } from '../errors.ts';
import { readIfPresent } from '../files.ts';

/** A user and their main group. */
export type User = { uid: number; gid: number };

/** How to start a program as another user. */
export type RunAs = {
  /** Goes in front of the command line. */
  prefix: string[];
  /** Options for `child_process.spawn`. */
  spawn: Partial<User>;
  /** Who must own the files the program writes; absent when that is us. */
  owner?: User;
};

/** Nothing to change: the program runs as we do. */
const AS_SELF: RunAs = { prefix: [], spawn: {} };

/** Bit 2 of a capability set: bypass read and search permission checks (capabilities(7)). */
const CAP_DAC_READ_SEARCH = 1n << 2n;

/**
 * Postgres refuses to run as root. When we are root, it runs as the user `postgres` or, without one, `nobody`.
 * In a checkout that only root can enter (a home of mode 0700), that user additionally gets the one capability that
 * lets it walk there: reading and searching folders.
 * @param paths folders and programs the user has to reach
 * @throws {LocalError} `RUN_AS` when there is no such user, or it cannot be let in
 */
export function unprivilegedUser(paths: readonly string[]): RunAs {
  if (process.getuid?.() !== 0) return AS_SELF;
  const user = findUser(readFileSync('/etc/passwd', 'utf8'), ['postgres', 'nobody']);
  if (!user) {
    throw new LocalError(
      'RUN_AS',
      'Postgres refuses to run as root, and there is neither a user "postgres" nor "nobody".',
    );
  }
  const closed = paths.flatMap((path) => firstClosedFolder(path) ?? [])[0];
  if (closed === undefined) return { prefix: [], spawn: user, owner: user };
  if (!mayGrant(readIfPresent('/proc/self/status') ?? '', CAP_DAC_READ_SEARCH)) {
    throw new LocalError(
      'RUN_AS',
      `Postgres refuses to run as root, and other users cannot enter ${closed}. Let them (chmod o+x ${closed}), or move the checkout.`,
    );
  }
  return {
    prefix: [
      'setpriv',
      `--reuid=${user.uid}`,
      `--regid=${user.gid}`,
      '--clear-groups',
      '--inh-caps=-all,+dac_read_search',
      '--ambient-caps=-all,+dac_read_search',
      '--bounding-set=-all,+dac_read_search',
      // initdb looks with access(2), which ignores the capabilities of other users than root unless this is set.
      '--securebits=+no_setuid_fixup',
    ],
    spawn: {},
    owner: user,
  };
}

/** The first of these users that /etc/passwd knows. */
export function findUser(passwd: string, names: readonly string[]): User | undefined {
  const users = new Map(passwd.split('\n').map((line) => [line.split(':')[0], line.split(':')]));
  for (const name of names) {
    const [, , uid, gid] = users.get(name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Whether a capability is in the bounding set, out of `/proc/self/status`. */
export function mayGrant(status: string, capability: bigint): boolean {
  const hex = /^CapBnd:\s+([0-9a-f]+)$/m.exec(status)?.[1];
  return hex !== undefined && (BigInt(`0x${hex}`) & capability) !== 0n;
}

function firstClosedFolder(path: string): string | undefined {
  const parent = dirname(path);
  if (parent === path) return undefined;
  const above = firstClosedFolder(parent);
  if (above) return above;
  return (statSync(parent).mode & 0o001) === 0 ? parent : undefined;
}

/** Hands a folder to the user who will own it. */
export function giveTo(path: string, owner: User): void {
  try {
    chownSync(path, owner.uid, owner.gid);
  } catch (error) {
    if (!isErrno(error, 'EPERM')) throw error;
    throw new LocalError('RUN_AS', `${path} cannot be given to another user here.`, {
      cause: error,
    });
  }
}
