import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkoutRoot, nodeCommand } from '../checkout.ts';
import { LocalError } from '../errors.ts';
import { makePrivateFolder } from '../files.ts';
import { isAlive, type ProcessIdentity, signal } from '../processes/identity.ts';
import { changedSettings, fingerprint } from './changes.ts';
import type { ChildSpec } from './child-spec.ts';
import { readDesired, readState, runFiles, type SupervisorState, writeDesired } from './state.ts';

const POLL_MS = 25;

/** A running child that takes up changed settings. */
export type Restarted = { name: string; changed: string[] };

/** The supervisor's state if its process runs; a file left behind by a dead one counts as nothing. */
export function liveState(stateDir: string): SupervisorState | undefined {
  const state = readState(stateDir);
  return state && isAlive(state.supervisor) ? state : undefined;
}

/** Whether the supervisor runs and is not about to end. */
export function isUp(stateDir: string): boolean {
  const state = liveState(stateDir);
  return state !== undefined && state.stopping !== true;
}

/**
 * Starts the supervisor of a state folder unless it runs.
 * @param env what its children inherit
 * @throws {LocalError} `SUPERVISOR` when it does not come up
 */
export async function ensureSupervisor(
  stateDir: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (liveState(stateDir)) return;
  writeDesired(stateDir, { children: [] });
  const logs = join(stateDir, 'logs');
  makePrivateFolder(logs);
  const logFile = join(logs, 'supervisor.log');
  const log = openSync(logFile, 'a', 0o600);
  const { command, args } = nodeCommand('local', 'supervisor/main');
  const daemon = spawn(command, [...args, stateDir], {
    cwd: checkoutRoot,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  daemon.once('error', () => {}); // Reported below: its state never appears.
  daemon.unref();
  const up = await until(() => liveState(stateDir) !== undefined, 15_000);
  if (!up) throw new LocalError('SUPERVISOR', 'The supervisor did not start.', { logFile });
}

/**
 * Adds children to what the running supervisor keeps up; one that runs with another description is restarted.
 * @returns those that are restarted, with the names of the settings that changed
 */
export function addChildren(stateDir: string, specs: readonly ChildSpec[]): Restarted[] {
  const state = liveState(stateDir);
  if (!state) throw new LocalError('SUPERVISOR', 'The supervisor is not running any more.');
  const names = new Set(specs.map((spec) => spec.name));
  const desired = readDesired(stateDir).children;
  const others = desired.filter((spec) => !names.has(spec.name));
  writeDesired(stateDir, { children: [...others, ...specs] });
  signal(state.supervisor, 'SIGHUP');
  return specs.flatMap((spec) => {
    const child = state.children.find(({ name }) => name === spec.name);
    // A supervisor of an older version does not say, and does not restart either.
    if (!child?.startedWith || child.startedWith === fingerprint(spec)) return [];
    const before = desired.find(({ name }) => name === spec.name);
    return [{ name: spec.name, changed: before ? changedSettings(before, spec) : [] }];
  });
}

/**
 * Ends the supervisor and every child, as far as they still run. Returns whether anything had to be ended.
 * @throws {LocalError} `STOP` when a process survives even SIGKILL
 */
export async function stopAll(stateDir: string): Promise<boolean> {
  const state = liveState(stateDir);
  if (state) {
    const patienceMs = readDesired(stateDir).children.reduce(
      (sum, spec) => sum + spec.stopTimeoutMs,
      5_000,
    );
    signal(state.supervisor, 'SIGTERM');
    if (!(await until(() => !isAlive(state.supervisor), patienceMs))) {
      await end(state.supervisor, 'SIGKILL', 0);
    }
  }
  const leftovers = await endLeftovers(stateDir);
  rmSync(runFiles(stateDir).state, { force: true });
  rmSync(runFiles(stateDir).desired, { force: true });
  return state !== undefined || leftovers > 0;
}

/** Ends children whose supervisor is gone, last started first; how many there were. */
export async function endLeftovers(stateDir: string): Promise<number> {
  const specs = new Map(readDesired(stateDir).children.map((spec) => [spec.name, spec]));
  const recorded = readState(stateDir)?.children ?? [];
  let ended = 0;
  for (const child of recorded.toReversed()) {
    if (!child.process || !isAlive(child.process)) continue;
    const spec = specs.get(child.name);
    await end(child.process, spec?.stopSignal ?? 'SIGTERM', spec?.stopTimeoutMs ?? 10_000);
    ended += 1;
  }
  return ended;
}

async function end(
  target: ProcessIdentity,
  first: NodeJS.Signals,
  patienceMs: number,
): Promise<void> {
  signal(target, first);
  if (await until(() => !isAlive(target), patienceMs)) return;
  signal(target, 'SIGKILL');
  if (await until(() => !isAlive(target), 10_000)) return;
  throw new LocalError('STOP', `Process ${target.pid} does not end, not even on SIGKILL.`);
}

async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
