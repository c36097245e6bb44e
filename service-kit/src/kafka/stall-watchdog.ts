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

/**
 * kafkajs can stop fetching without an error (its issues 1456, 1072 and 1163). Such a consumer
 * looks alive to its group; only lag without progress gives it away.
 */
export function createStallWatchdog(stallTimeoutMs: number): StallWatchdog {
  const suspects = new Map<string, { sinceMs: number; progress: number }>();
  return {
    observe(nowMs, observations) {
      const seen = new Set(observations.map(({ name }) => name));
      for (const name of suspects.keys()) if (!seen.has(name)) suspects.delete(name);
      return observations.flatMap(({ name, behind, progress }) => {
        const suspect = suspects.get(name);
        if (!behind) suspects.delete(name);
        else if (suspect === undefined || suspect.progress !== progress) {
          suspects.set(name, { sinceMs: nowMs, progress });
        } else if (nowMs - suspect.sinceMs >= stallTimeoutMs) return [name];
        return [];
      });
    },
    reset() {
      suspects.clear();
    },
  };
}
