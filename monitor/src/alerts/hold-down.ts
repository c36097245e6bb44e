/** How long something has been so without a break, and since when it is no longer. */
export interface HoldDown {
  /** Takes note of everything that is so now. What nothing is known about counts as being as it was. */
  observe(keys: ReadonlySet<string>, nowMs: number, isUnknown?: (key: string) => boolean): void;
  /**
   * Whether an alert is to fire: from when something has been so for long enough, until it has not been so for as long.
   * What comes and goes is told once.
   * @param moreMs how much longer than others it has to be so before it fires
   */
  shouldFire(key: string, isFiring: boolean, moreMs?: number): boolean;
}

/** @param startMs what fires at the start was so until then */
export function createHoldDown(holdMs: number, startMs: number): HoldDown {
  const since = new Map<string, number>();
  const lastSeen = new Map<string, number>();
  let nowMs = startMs;
  return {
    observe(keys, atMs, isUnknown = () => false) {
      nowMs = atMs;
      for (const key of since.keys()) {
        if (!keys.has(key) && !isUnknown(key)) since.delete(key);
      }
      for (const key of keys) {
        if (!since.has(key)) since.set(key, atMs);
        lastSeen.set(key, atMs);
      }
    },
    shouldFire(key, isFiring, moreMs = 0) {
      const sinceMs = since.get(key);
      if (isFiring) return sinceMs !== undefined || nowMs - (lastSeen.get(key) ?? startMs) < holdMs;
      return sinceMs !== undefined && nowMs - sinceMs >= holdMs + moreMs;
    },
  };
}
