import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from './process/logging.ts';

export interface RepeatOptions {
  /** For the log: "partitions could not be looked after". */
  readonly failure: string;
  readonly everyMs: number;
  /** Before the first time (default: at once). */
  readonly firstAfterMs?: number;
  /** After a failure, which is logged (default: `everyMs`). */
  readonly retryMs?: number;
  /** Its signal is aborted when it is to end. */
  readonly work: (signal: AbortSignal) => Promise<unknown>;
  readonly log: Logger;
}

export interface Repeating {
  /** Waits for the work that is under way. */
  stop(): Promise<void>;
}

/** Does something again and again, and never twice at a time. */
export function repeat(options: RepeatOptions): Repeating {
  const { failure, everyMs, firstAfterMs = 0, retryMs = everyMs, work, log } = options;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(): Promise<void> {
    if (firstAfterMs > 0) await delay(firstAfterMs, undefined, { signal }).catch(() => {});
    while (!signal.aborted) {
      let pauseMs = everyMs;
      try {
        await work(signal);
      } catch (error) {
        pauseMs = retryMs;
        if (!signal.aborted) log.warn({ error }, failure);
      }
      await delay(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
