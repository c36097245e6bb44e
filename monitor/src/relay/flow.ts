import { LIVE_WINDOW } from '@shelfcast/schemas/monitor/live';
import type { Outgoing } from './outgoing.ts';

/**
 * How many batches are on their way to a client. It says how many it has used, so that a browser whose network reads
 * on while its page stands still is as slow as it is. What it says opens nothing by itself: what was sent must have left
 * this process as well.
 */
export interface Flow {
  isOpen(): boolean;
  sent(): void;
  /** @param count batches used since the connection began */
  received(count: number): void;
  /** What was sent has left: wakes a caller that waits for room. */
  left(): void;
  /** Resolves when another batch may be sent, or the signal is aborted. */
  room(signal: AbortSignal): Promise<void>;
}

export interface FlowOptions {
  readonly outgoing: Outgoing;
  /** Batches on their way. */
  readonly window?: number;
}

export function createFlow({ outgoing, window = LIVE_WINDOW }: FlowOptions): Flow {
  let sentCount = 0;
  let receivedCount = 0;
  let waiting: (() => void)[] = [];

  const isOpen = (): boolean => sentCount - receivedCount < window && outgoing.hasRoom();
  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const tell of woken) tell();
  }

  return {
    isOpen,
    sent() {
      sentCount += 1;
    },
    received(count) {
      // A client that claims more than was sent gets no more room by it.
      receivedCount = Math.min(Math.max(receivedCount, count), sentCount);
      if (isOpen()) wake();
    },
    left() {
      if (waiting.length > 0 && isOpen()) wake();
    },
    room(signal) {
      if (isOpen() || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const tell = (): void => {
          signal.removeEventListener('abort', tell);
          resolve();
        };
        signal.addEventListener('abort', tell, { once: true });
        waiting.push(tell);
      });
    },
  };
}
