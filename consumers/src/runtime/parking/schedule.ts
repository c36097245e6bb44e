/** How often a change is tried before it is left to people, the attempt that parked it included. */
export const MAX_ATTEMPTS = 6;

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** Wait after the given number of failures (from 1): doubling, with a random tenth so that keys do not come in step. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const delayMs = Math.min(FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_DELAY_MS);
  return delayMs * (1 + random() / 10);
}

export function firstRetryMs(): number {
  return retryDelayMs(1);
}
