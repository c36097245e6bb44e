import { backoffMs } from '@shelfcast/service-kit/backoff';

/** How often a change is tried before it is left to people, the attempt that parked it included. */
export const MAX_ATTEMPTS = 6;

const DELAY_MS = { first: 1_000, longest: 60_000 };

/** Wait after the given number of failures (from 1): doubling, with a random tenth so that keys do not come in step. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const delayMs = backoffMs(DELAY_MS, failures);
  return delayMs * (1 + random() / 10);
}

export function firstRetryMs(): number {
  return retryDelayMs(1);
}
