import { backoffMs } from '@shelfcast/service-kit/backoff';
/** When a delivery is tried again, and when a subscriber is left in peace. Times in ms. */
export interface DeliveryPolicy {
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** From the first attempt on; after that a delivery is `failed` and waits for an operator. */
  readonly horizonMs: number;
  readonly attemptTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** The breaker of a subscriber opens after as many failures in a row … */
  readonly breakerThreshold: number;
  /** … for this long, doubled with every probe that fails, … */
  readonly breakerFirstMs: number;
  /** … up to this. */
  readonly breakerLongestMs: number;
}

export const DEFAULT_POLICY: DeliveryPolicy = {
  firstRetryMs: 1_000,
  longestRetryMs: 3_600_000,
  horizonMs: 3 * 24 * 3_600_000,
  attemptTimeoutMs: 10_000,
  connectTimeoutMs: 5_000,
  breakerThreshold: 5,
  breakerFirstMs: 5_000,
  breakerLongestMs: 300_000,
};

export type AfterFailure =
  | { readonly state: 'waiting'; readonly delayMs: number }
  | { readonly state: 'failed' };

export interface FailedAttempt {
  /** Attempts so far, with this one. */
  readonly attempts: number;
  /** Since retrying began. */
  readonly ageMs: number;
  readonly retryAfterMs: number | null;
  /** In [0, 1). */
  readonly random: number;
}

/**
 * Pure. Exponential backoff of which up to a half is taken off at random, so that deliveries that failed together do
 * not come back together; not before the receiver asked for.
 */
export function afterFailure(
  { attempts, ageMs, retryAfterMs, random }: FailedAttempt,
  policy: DeliveryPolicy,
): AfterFailure {
  if (ageMs >= policy.horizonMs) return { state: 'failed' };
  const { firstRetryMs, longestRetryMs } = policy;
  const backoffMs = jittered(growing(firstRetryMs, longestRetryMs, attempts), random);
  return {
    state: 'waiting',
    delayMs: Math.max(backoffMs, restMs(retryAfterMs, policy) ?? 0),
  };
}

/** Pure. For how long a receiver is left alone that asked for it (Retry-After); null: it did not. */
export function restMs(retryAfterMs: number | null, { longestRetryMs }: DeliveryPolicy) {
  return retryAfterMs === null ? null : Math.min(retryAfterMs, longestRetryMs);
}

/** Pure. For how long the breaker opens when it opens for the nth time in a row. */
export function breakerDelayMs(
  timesOpened: number,
  random: number,
  { breakerFirstMs, breakerLongestMs }: DeliveryPolicy,
): number {
  return jittered(growing(breakerFirstMs, breakerLongestMs, timesOpened), random);
}

function growing(first: number, longest: number, times: number): number {
  return backoffMs({ first, longest }, times);
}

function jittered(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 - random / 2));
}
