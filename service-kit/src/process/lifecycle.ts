import { within } from '../deadline.ts';
import type { Logger } from './logging.ts';

export interface LifecycleOptions {
  readonly log: Logger;
  /** Time all stop hooks together may take (default 10,000 ms). */
  readonly deadlineMs?: number | undefined;
}

export interface Lifecycle {
  /**
   * Registers what is to be undone at the end: last in, first out. Registered after the stop began,
   * it runs before the stop ends.
   */
  onStop(name: string, hook: () => void | Promise<void>): void;
  /**
   * Runs the hooks one after another. A hook that fails is logged and does not keep the others from
   * running. Called again, it returns the same promise.
   *
   * @returns whether everything was undone in time
   */
  stop(reason: string): Promise<boolean>;
  readonly stopping: boolean;
}

/** What a process has opened, and how it is closed in the opposite order. */
export function createLifecycle({ log, deadlineMs = 10_000 }: LifecycleOptions): Lifecycle {
  const hooks: { name: string; hook: () => void | Promise<void> }[] = [];
  let stopped: Promise<boolean> | undefined;

  async function runHooks(reason: string): Promise<boolean> {
    log.info({ reason }, 'stopping');
    const startedMs = performance.now();
    let clean = true;
    for (let next = hooks.pop(); next !== undefined; next = hooks.pop()) {
      const { name, hook } = next;
      const leftMs = deadlineMs - (performance.now() - startedMs);
      try {
        await within(
          Promise.resolve().then(hook),
          Math.max(leftMs, GRACE_MS),
          () => new Error(`${name} did not stop in time`),
        );
      } catch (error) {
        clean = false;
        log.error({ error, hook: name }, 'a part did not stop cleanly');
      }
    }
    log.info({ reason, clean, durationMs: Math.round(performance.now() - startedMs) }, 'stopped');
    return clean;
  }

  return {
    onStop(name, hook) {
      hooks.push({ name, hook });
    },
    stop(reason) {
      stopped ??= runHooks(reason);
      return stopped;
    },
    get stopping() {
      return stopped !== undefined;
    },
  };
}

/** Past the deadline hooks still get a moment each: closing a socket takes no time, waiting does. */
const GRACE_MS = 50;
