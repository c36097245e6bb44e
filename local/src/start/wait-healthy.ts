import { setTimeout as delay } from 'node:timers/promises';
import type { Component } from '../components/component.ts';
import { LocalError } from '../errors.ts';
import { isAlive, type ProcessIdentity } from '../processes/identity.ts';
import { liveState } from '../supervisor/client.ts';
import type { ChildState } from '../supervisor/state.ts';

const POLL_MS = 100;
/** Seconds on an idle machine; a busy one may need minutes, and being slow is no failure. */
const PATIENCE_MS = 180_000;
/** After this time someone who waits is told why, and again each time the wait has doubled. */
const REPORT_MS = 10_000;
/**
 * A component that dies this often in a row is not going to come up. With the supervisor's pauses that takes some
 * sixteen seconds: what a SIGKILL left of a database (backends that still hold its shared memory) is gone by then.
 */
const DEATHS = 7;

/** Exits with code 1 that are enough where that code means settings that cannot be used. */
const REFUSALS = 3;

export type WaitOptions = {
  /** Told now and then why it takes so long. */
  report?: (line: string) => void;
  /** A process that does not count, because it was killed. */
  notProcess?: ProcessIdentity | undefined;
  /** `fingerprint` of the description whose process counts; any by default. */
  startedWith?: string | undefined;
  /** Ends the wait; the promise rejects with its reason. */
  signal?: AbortSignal;
};

/**
 * Waits until a component's check passes while the supervisor runs its process.
 * @throws {LocalError} `NOT_HEALTHY`, with the component's log, after its time or as soon as it has died several times
 */
export async function waitHealthy(
  stateDir: string,
  component: Component,
  options: WaitOptions = {},
): Promise<void> {
  const { name, logFile } = component.spec;
  const { report = () => {}, notProcess, startedWith, signal } = options;
  const startedAt = Date.now();
  let reportAfterMs = REPORT_MS;
  const restartsBefore = childState(stateDir, name)?.restarts ?? 0;
  for (;;) {
    signal?.throwIfAborted();
    const child = childState(stateDir, name);
    const running =
      child?.process &&
      !isSame(child.process, notProcess) &&
      (startedWith === undefined || child.startedWith === startedWith) &&
      isAlive(child.process);
    let reason = running ? '' : `its process is ${child?.status ?? 'not running'}`;
    if (running) {
      try {
        await component.check();
        return;
      } catch (error) {
        reason = firstCause(error);
      }
    }
    const died = child !== undefined && isHopeless(component, child, restartsBefore);
    if (died || Date.now() >= startedAt + PATIENCE_MS) {
      const exit = child?.lastExit;
      const how = exit ? ` Last exit: ${exit.signal ?? `code ${exit.code}`}.` : '';
      const what = died ? 'keeps dying' : `is not ready after ${PATIENCE_MS / 1000} s`;
      throw new LocalError('NOT_HEALTHY', `${name} ${what}: ${reason}.${how}`, { logFile });
    }
    if (Date.now() >= startedAt + reportAfterMs) {
      report(`waiting for ${name}: ${reason}`);
      reportAfterMs *= 2;
    }
    await delay(POLL_MS);
  }
}

/** Whether a child has died so often since this wait began that it is not going to come up. */
export function isHopeless(
  component: Pick<Component, 'refusesWithCode1'>,
  child: Pick<ChildState, 'status' | 'restarts' | 'lastExit'>,
  restartsBefore: number,
): boolean {
  const deaths = child.restarts - restartsBefore + (child.status === 'restarting' ? 1 : 0);
  const refused = component.refusesWithCode1 === true && child.lastExit?.code === 1;
  return deaths >= (refused ? REFUSALS : DEATHS);
}

function isSame(one: ProcessIdentity, other: ProcessIdentity | undefined): boolean {
  return one.pid === other?.pid && one.startedAt === other.startedAt;
}

/** fetch says only "fetch failed"; why, its cause knows. */
function firstCause(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || error.name : firstCause(error.cause);
}

function childState(stateDir: string, name: string) {
  return liveState(stateDir)?.children.find((child) => child.name === name);
}
