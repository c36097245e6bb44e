import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@shelfcast/service-kit/backoff';
import { isOutage } from '../contract/errors.ts';

export interface WaitOutOptions {
  readonly onOutage: (error: unknown, attempt: number) => void;
  /** Ends a wait: the consumer stops. */
  readonly signal: AbortSignal;
}

export interface WaitOut {
  /** Waits before the given attempt (1, 2, …); rejects when the consumer stops. */
  backoff(attempt: number): Promise<void>;
  /** Does something again until what it needs is there. @throws what is no outage */
  patiently<T>(work: () => Promise<T>): Promise<T>;
}

const BACKOFF_MS = { first: 50, longest: 2_000 };

export function createWaitOut({ onOutage, signal }: WaitOutOptions): WaitOut {
  async function backoff(attempt: number): Promise<void> {
    await delay(backoffMs(BACKOFF_MS, attempt), undefined, { signal });
  }
  return {
    backoff,
    async patiently(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await work();
        } catch (error) {
          if (!isOutage(error)) throw error;
          onOutage(error, attempt);
          await backoff(attempt);
        }
      }
    },
  };
}
