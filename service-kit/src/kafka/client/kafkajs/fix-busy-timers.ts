import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const CHECK_PENDING_MS = 10;

/**
 * Every connection calls `setTimeout` with the time since 1970 as a negative delay, again and again. That is 1,000
 * wake-ups a second for ever (an idle consumer took 4.7 % of a core instead of 1.1 %), and a TimeoutNegativeWarning
 * on newer Node. Here a timer runs only while requests wait.
 *
 * Remove when kafkajs sets no timer while no request waits (2.2.4 does).
 */
export function fixBusyTimers(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function scheduleCheckPendingRequests() {
    if (this.throttleCheckTimeoutId !== null || this.pending.length === 0) return;
    const throttledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      throttledMs > 0 ? throttledMs : CHECK_PENDING_MS,
    );
  };
}
