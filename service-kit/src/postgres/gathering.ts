/** How long to gather what comes, so that it shares requests: not at all while little comes. */
export interface Gathering {
  /** @returns milliseconds to wait for more, now that `count` have come */
  after(count: number): number;
}

/** From here on, a wait brings several at once. */
const BUSY_PER_SECOND = 60;
const RATE_WINDOW_MS = 1_000;

/** @param longestMs once more than some dozens come in a second */
export function createGathering(
  longestMs: number,
  nowMs: () => number = () => performance.now(),
): Gathering {
  /** What has come lately; of a steady stream, what comes in a second. */
  let rate = 0;
  let atMs = nowMs();
  return {
    after(count) {
      const sinceMs = nowMs() - atMs;
      atMs += sinceMs;
      rate = rate * Math.exp(-sinceMs / RATE_WINDOW_MS) + count;
      return rate > BUSY_PER_SECOND ? longestMs : 0;
    },
  };
}
