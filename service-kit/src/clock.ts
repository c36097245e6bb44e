/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

/**
 * The wall clock with fractions of a millisecond. `Date.now()` cuts them off, which makes everything that it times look
 * half a millisecond faster than it was; the monotonic clock has them but drifts away from the wall clock in a process
 * that runs for months. So the monotonic one is read, and put right whenever it leaves the wall clock's millisecond.
 */
export function createClock(
  wallMs: Clock = Date.now,
  monotonicMs: Clock = () => performance.now(),
): Clock {
  let offsetMs = wallMs() - monotonicMs();
  return () => {
    const startOfMillisecond = wallMs();
    const nowMs = offsetMs + monotonicMs();
    const rightMs = Math.min(Math.max(nowMs, startOfMillisecond), startOfMillisecond + 1);
    offsetMs += rightMs - nowMs;
    return rightMs;
  };
}
