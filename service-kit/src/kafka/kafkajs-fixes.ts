import Broker from 'kafkajs/src/broker/index.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

const CHECK_PENDING_MS = 10;
const FIXED = Symbol.for('shelfcast.kafkajs-fixes');

/**
 * Repairs two faults of kafkajs 2.2.4 in place, once per process; nothing else of it is changed.
 *
 * - Every connection calls `setTimeout` with a time since 1970 as a negative delay, again and again:
 *   1,000 wake-ups a second for ever (and a TimeoutNegativeWarning on newer Node). Here a timer runs
 *   only while requests wait.
 * - A fetch lists its partitions in the same order each time, and a broker serves a record larger
 *   than the limit only in the first partition that has any (KIP-74). Under load such a record,
 *   or everything in the last partitions, would wait for as long as the first ones are busy. Here
 *   the order rotates, as the Java client's does.
 */
export function fixKafkajs(): void {
  if (FIXED in RequestQueue) return;
  Object.defineProperty(RequestQueue, FIXED, { value: true });

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

  const fetchInOrder = Broker.prototype.fetch;
  let fetches = 0;
  Broker.prototype.fetch = function fetch(options) {
    fetches += 1;
    const topics = options.topics.map((topic) => ({
      ...topic,
      partitions: rotated(topic.partitions, fetches),
    }));
    return fetchInOrder.call(this, { ...options, topics: rotated(topics, fetches) });
  };
}

/** The same items, starting at another one. */
export function rotated<T>(items: readonly T[], turn: number): T[] {
  if (items.length < 2) return [...items];
  const start = turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
