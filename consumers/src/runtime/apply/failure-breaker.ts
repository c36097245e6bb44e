export interface FailureBreakerOptions {
  /** Keys that must have failed before their share counts. */
  readonly minFailedKeys: number;
  /** Share of what was handled lately, 0 to 1. */
  readonly maxFailedShare: number;
  /** How many outcomes back "lately" reaches; a larger batch counts alone. */
  readonly outcomes: number;
}

/**
 * Tells one bad change from a fault that concerns all: where most keys fail, parking them one after the other would
 * only move the whole stream into the parking. Then the consumer pauses, and goes on when most changes succeed again.
 */
export interface FailureBreaker {
  /** A batch took effect, all of it. */
  succeeded(changes: number): void;
  /**
   * Of a batch, some changes took effect and some keys failed.
   * @returns whether the failed ones may be parked; if not, none of them is, and they are tried again later
   */
  allowsParking(succeeded: number, failedKeys: number): boolean;
  /** Why the consumer pauses, or undefined. */
  tripped(): string | undefined;
}

export const BREAKER_DEFAULTS: FailureBreakerOptions = {
  minFailedKeys: 10,
  maxFailedShare: 0.5,
  outcomes: 20,
};

export function createFailureBreaker(
  options: FailureBreakerOptions = BREAKER_DEFAULTS,
): FailureBreaker {
  const { minFailedKeys, maxFailedShare, outcomes } = options;
  /** Outcomes lately, what is older counting less. */
  let lately = { succeeded: 0, failed: 0 };
  let reason: string | undefined;

  function note(succeeded: number, failed: number): void {
    const before = lately.succeeded + lately.failed;
    const room = Math.max(0, outcomes - succeeded - failed);
    const kept = before > room ? room / before : 1;
    lately = {
      succeeded: lately.succeeded * kept + succeeded,
      failed: lately.failed * kept + failed,
    };
  }

  function startAnew(): void {
    reason = undefined;
    lately = { succeeded: 0, failed: 0 };
  }

  return {
    succeeded(changes) {
      if (reason !== undefined) startAnew();
      note(changes, 0);
    },
    allowsParking(succeeded, failedKeys) {
      const wasTripped = reason !== undefined;
      // What failed before the pause says nothing about now.
      if (wasTripped) startAnew();
      note(succeeded, failedKeys);
      const tooMany = lately.failed > (lately.succeeded + lately.failed) * maxFailedShare;
      if (tooMany && (wasTripped || lately.failed >= minFailedKeys)) {
        reason = `most changes fail: ${failedKeys} keys just now, and ${succeeded} changes succeeded`;
      }
      return reason === undefined;
    },
    tripped: () => reason,
  };
}
