/** Topics that take nothing for now, and when each is tried again. */
export interface Holds {
  has(topic: string): boolean;
  /** Why the topic is held, or undefined when it is not. */
  reasonOf(topic: string): string | undefined;
  /**
   * Notes that the topic refused; each time in a row doubles the wait.
   * @returns whether that is news
   */
  hold(topic: string, reason: string): boolean;
  release(topic: string): void;
  /** Topics to be tried now. */
  due(): string[];
  count(): number;
}

const RETRY_MS = { first: 1_000, longest: 30_000 };

/** @param topics held by an earlier relay; they are tried at once */
export function createHolds(
  topics: readonly string[],
  nowMs: () => number = () => performance.now(),
): Holds {
  const held = new Map(
    topics.map((topic) => [topic, { reason: 'held before', waitMs: 0, dueMs: nowMs() }]),
  );
  return {
    has: (topic) => held.has(topic),
    reasonOf: (topic) => held.get(topic)?.reason,
    hold(topic, reason) {
      const earlier = held.get(topic);
      // Several messages of one request tell the same thing.
      if (earlier !== undefined && earlier.dueMs > nowMs()) return false;
      const waitMs = Math.min(
        Math.max(RETRY_MS.first, 2 * (earlier?.waitMs ?? 0)),
        RETRY_MS.longest,
      );
      held.set(topic, { reason, waitMs, dueMs: nowMs() + waitMs });
      return earlier === undefined;
    },
    release: (topic) => void held.delete(topic),
    due: () => [...held].filter(([, { dueMs }]) => dueMs <= nowMs()).map(([topic]) => topic),
    count: () => held.size,
  };
}
