import { backoffMs } from '@shelfcast/service-kit/backoff';

/** How often a change is tried before it is left to people, the attempt that parked it included. */
const MAX_ATTEMPTS = 6;

/**
 * What a failure makes of a parked key.
 * @param before failures of its oldest change
 * @param isFirst it was the oldest change that failed; one behind it begins to count by itself
 * @param isDeadly processes ended while they handled it
 */
export function afterFailure(
  before: number,
  { isFirst, isDeadly }: { readonly isFirst: boolean; readonly isDeadly: boolean },
): { readonly attempts: number; readonly state: 'retrying' | 'dead' } {
  const attempts = isFirst ? before + 1 : 1;
  return { attempts, state: isDeadly || attempts >= MAX_ATTEMPTS ? 'dead' : 'retrying' };
}

const DELAY_MS = { first: 1_000, longest: 60_000 };

/** Wait after the given number of failures (from 1): doubling, with a random tenth so that keys do not come in step. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const delayMs = backoffMs(DELAY_MS, failures);
  return delayMs * (1 + random() / 10);
}

export function firstRetryMs(): number {
  return retryDelayMs(1);
}
