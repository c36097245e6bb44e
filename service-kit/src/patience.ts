import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './process/logging.ts';

export interface PatienceOptions {
  /** Whether an error passes by itself. */
  readonly isOutage: (error: unknown) => boolean;
  /** Whether the process is to end. */
  readonly isStopping: () => boolean;
  /** For all that is waited for together, from now on; milliseconds. */
  readonly forMs: number;
  readonly log: Logger;
}

/** Does one step of a start, again while what it needs is away. @throws what it failed of, once the patience is over */
export type Patience = <T>(step: string, work: () => Promise<T>) => Promise<T>;

const PAUSE_MS = { first: 100, longest: 2_000 };

/**
 * For a start that meets a busy database or a registry that is still starting: giving up would only have the process
 * started again, which takes longer than the trouble.
 */
export function createPatience({ isOutage, isStopping, forMs, log }: PatienceOptions): Patience {
  const deadlineMs = performance.now() + forMs;
  return async (step, work) => {
    for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest)) {
      try {
        return await work();
      } catch (error) {
        const isOver = performance.now() + pauseMs > deadlineMs;
        if (isOver || isStopping() || !isOutage(error)) throw error;
        log.warn({ error, step }, 'what the start needs is not available: trying again');
        await delay(pauseMs);
      }
    }
  };
}
