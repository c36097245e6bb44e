import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../../backoff.ts';
import type { KafkaRecord } from '../types.ts';

/** Records of one partition, as fetched together. */
export interface FetchedRecords {
  /** At least one, by ascending offset. */
  readonly records: readonly KafkaRecord[];
  /** Offset to read after them; beyond the last record's where control records follow it. */
  readonly nextOffset: bigint;
  readonly highWatermark: bigint;
}

export interface PartitionQueueOptions {
  /** Handles records; when it rejects, the same ones are given again after a pause, for ever. */
  readonly handle: (fetched: FetchedRecords, signal: AbortSignal) => Promise<void>;
  /** They are handled, and were not given up meanwhile. */
  readonly onHandled: (nextOffset: bigint) => void;
  readonly onFailure: (failure: {
    readonly offset: bigint;
    readonly attempt: number;
    readonly retryDelayMs: number;
    readonly error: unknown;
  }) => void;
  readonly retryDelayMs: { readonly first: number; readonly longest: number };
  /** Whether nothing more is to be begun for now; `wake` when that ends. */
  readonly isHeld: () => boolean;
  /** Bytes that may wait behind what is in hand. */
  readonly maxWaitingBytes: number;
}

/**
 * What was fetched of one partition and waits to be handled: in order, one lot at a time. What has
 * gathered meanwhile makes the next lot, so that a busy partition is handled in large ones.
 */
export interface PartitionQueue {
  push(fetched: FetchedRecords): void;
  /** Resolves when there is room for more. */
  room(): Promise<void>;
  wake(): void;
  /** What is being handled or waits to be tried again. */
  inHand(): Promise<void> | undefined;
  /** Counts lots that began or ended. */
  progress(): number;
  /** Forgets what waits and tries nothing again. What is being handled goes on, until `abort`. */
  drop(): void;
  /** As `drop`; what is being handled is told that it is wasted, and no longer moves the offset. */
  abort(reason: Error): void;
}

/** Records of one lot, unless the first fetch alone has more. */
const MAX_RECORDS = 2_000;

export function createPartitionQueue(options: PartitionQueueOptions): PartitionQueue {
  let waiting: FetchedRecords[] = [];
  let waitingBytes = 0;
  let inHand: Promise<void> | undefined;
  let progress = 0;
  let failed = { offset: -1n, attempts: 0 };
  /** Ends attempts of the lot in hand. */
  let giveUp = new AbortController();
  let wasted = new AbortController();
  let whenRoom: (() => void)[] = [];

  function wake(): void {
    if (inHand !== undefined || options.isHeld()) return;
    const lot = take();
    if (lot === undefined) return;
    inHand = work(lot).finally(() => {
      inHand = undefined;
      wake();
    });
  }

  function take(): FetchedRecords | undefined {
    let count = 0;
    const end = waiting.findIndex(({ records }, index) => {
      count += records.length;
      return index > 0 && count > MAX_RECORDS;
    });
    const taken = waiting.splice(0, end === -1 ? waiting.length : end);
    const last = taken.at(-1);
    if (last === undefined) return undefined;
    for (const fetched of taken) waitingBytes -= bytesOf(fetched);
    tellRoom();
    return taken.length === 1
      ? last
      : { ...last, records: taken.flatMap((fetched) => fetched.records) };
  }

  async function work(lot: FetchedRecords): Promise<void> {
    const ended = giveUp.signal;
    const { signal } = wasted;
    const offset = lot.records[0]?.offset ?? 0n;
    while (!ended.aborted) {
      progress += 1;
      try {
        await options.handle(lot, signal);
        if (!signal.aborted) options.onHandled(lot.nextOffset);
        return;
      } catch (error) {
        if (ended.aborted) return;
        failed = { offset, attempts: failed.offset === offset ? failed.attempts + 1 : 1 };
        const retryDelayMs = backoffMs(options.retryDelayMs, failed.attempts);
        options.onFailure({ offset, attempt: failed.attempts, retryDelayMs, error });
        await delay(retryDelayMs, undefined, { signal: ended }).catch(() => {});
      } finally {
        progress += 1;
      }
    }
  }

  function tellRoom(): void {
    if (waitingBytes > options.maxWaitingBytes) return;
    const told = whenRoom;
    whenRoom = [];
    for (const tell of told) tell();
  }

  function drop(): void {
    waiting = [];
    waitingBytes = 0;
    giveUp.abort();
    giveUp = new AbortController();
    tellRoom();
  }

  return {
    push(fetched) {
      waiting.push(fetched);
      waitingBytes += bytesOf(fetched);
      wake();
    },
    room() {
      if (waitingBytes <= options.maxWaitingBytes) return Promise.resolve();
      return new Promise((resolve) => whenRoom.push(resolve));
    },
    wake,
    inHand: () => inHand,
    progress: () => progress,
    drop,
    abort(reason) {
      wasted.abort(reason);
      wasted = new AbortController();
      drop();
    },
  };
}

function bytesOf({ records }: FetchedRecords): number {
  return records.reduce(
    (sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0),
    0,
  );
}
