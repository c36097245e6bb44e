import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { isErrno } from './errno.ts';
import { LocalError } from './errors.ts';
import { readIfPresent } from './files.ts';
import { identify, isAlive } from './processes/identity.ts';

const holder = z.object({ pid: z.number(), startedAt: z.string(), doing: z.string() });

/**
 * Runs `work` while no other process holds the same lock file. A lock whose process is gone counts as free.
 * @param options.doing what this process is doing, for the message others get
 * @throws {LocalError} `BUSY` when the lock is still held after `waitMs`
 */
export async function withLock<T>(
  options: { file: string; doing: string; waitMs: number },
  work: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(options.file), { recursive: true });
  const deadline = Date.now() + options.waitMs;
  while (!tryTake(options.file, options.doing)) {
    const current = readHolder(options.file);
    if (Date.now() >= deadline && current) {
      throw new LocalError(
        'BUSY',
        `another command (pid ${current.pid}) is busy here: ${current.doing}. Wait for it, or end it.`,
      );
    }
    await delay(100);
  }
  try {
    return await work();
  } finally {
    rmSync(options.file, { force: true });
  }
}

function tryTake(file: string, doing: string): boolean {
  const mine = `${file}.${randomUUID()}`;
  writeFileSync(mine, JSON.stringify({ ...identify(process.pid), doing }), { mode: 0o600 });
  try {
    // A hard link either appears with its content complete or fails because the lock exists.
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    removeIfStale(file);
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Moves a dead process's lock aside. If a live one slipped in meanwhile, it is put back. */
function removeIfStale(file: string): void {
  const seen = readHolder(file);
  if (seen && isAlive(seen)) return;
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  if (moved && isAlive(moved)) renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function readHolder(file: string): z.infer<typeof holder> | undefined {
  try {
    return holder.parse(JSON.parse(readIfPresent(file) ?? ''));
  } catch {
    return undefined;
  }
}
