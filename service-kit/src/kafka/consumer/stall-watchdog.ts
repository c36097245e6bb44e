export interface PartitionObservation {
  /** `topic/partition`, or another name of something that should move. */
  readonly name: string;
  /** Whether there is anything to do. */
  readonly behind: boolean;
  /** Changes whenever something was done. */
  readonly progress: number;
}

export interface StallWatchdog {
  /**
   * Tells what has been behind, without any progress, in every observation of the last
   * `stallTimeoutMs`.
   *
   * @param nowMs a clock that never goes back
   */
  observe(nowMs: number, observations: readonly PartitionObservation[]): string[];
  /** Forgets: time in which nothing could be observed (brokers away) does not count. */
  reset(): void;
}

/** It takes this many observations in a row at least. */
const MIN_OBSERVATIONS = 3;

/**
 * kafkajs can stop fetching without an error (its issues 1456, 1072 and 1163). Such a consumer
 * looks alive to its group; only lag without progress gives it away.
 */
export function createStallWatchdog(stallTimeoutMs: number): StallWatchdog {
  const suspects = new Map<string, { stillMs: number; progress: number }>();
  let observedAtMs = Number.NEGATIVE_INFINITY;
  return {
    observe(nowMs, observations) {
      // Time in which nothing was observed does not count: the process was stopped, or the machine.
      const passedMs = Math.min(nowMs - observedAtMs, stallTimeoutMs / MIN_OBSERVATIONS);
      observedAtMs = nowMs;
      const seen = new Set(observations.map(({ name }) => name));
      for (const name of suspects.keys()) if (!seen.has(name)) suspects.delete(name);
      return observations.flatMap(({ name, behind, progress }) => {
        const suspect = suspects.get(name);
        if (!behind) suspects.delete(name);
        else if (suspect === undefined || suspect.progress !== progress) {
          suspects.set(name, { stillMs: 0, progress });
        } else {
          suspect.stillMs += passedMs;
          if (suspect.stillMs >= stallTimeoutMs) return [name];
        }
        return [];
      });
    },
    reset() {
      suspects.clear();
    },
  };
}
