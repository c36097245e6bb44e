import { setTimeout as delay } from 'node:timers/promises';

/** One batch handed to the writer, and what to do when its fate is known. */
interface Submission<Item, Result> {
  readonly items: readonly Item[];
  readonly resolve: (results: readonly Result[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchWriterOptions<Item, Result> {
  /** Writes items in order, all or nothing, and gives one result for each. */
  readonly write: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** Whether an error is the database's trouble, not the items': then the same write is tried again. */
  readonly isOutage: (error: unknown) => boolean;
  readonly onOutage: (error: unknown, attempt: number) => void;
  /** Wait before the given attempt (1, 2, …); rejects when the writer is to give up. */
  readonly backoff: (attempt: number) => Promise<void>;
  /** A write takes whole submissions until it holds this many items. */
  readonly maxItems: number;
  /** Rest after a write that left nothing waiting: a trickle then makes few writes. Default: none. */
  readonly restMs?: number;
}

/**
 * Group commit: while one write is under way, batches of all partitions gather, and the next write
 * takes them together. So a quiet stream pays one short transaction per change, and a busy one
 * shares its commits. What an outage interrupted is written again, with what has gathered meanwhile.
 */
export function createBatchWriter<Item, Result>(options: BatchWriterOptions<Item, Result>) {
  let waiting: Submission<Item, Result>[] = [];
  let draining = false;

  async function drain(): Promise<void> {
    if (draining) return;
    draining = true;
    for (let outages = 0; waiting.length > 0; ) {
      const group = takeGroup();
      try {
        settle(group, await options.write(group.flatMap((submission) => submission.items)));
        outages = 0;
        if (options.restMs !== undefined && waiting.length === 0) await delay(options.restMs);
      } catch (error) {
        try {
          if (!options.isOutage(error)) throw error;
          outages += 1;
          options.onOutage(error, outages);
          await options.backoff(outages);
          waiting = [...group, ...waiting];
        } catch (fatal) {
          for (const submission of group) submission.reject(fatal);
        }
      }
    }
    draining = false; // in one step with the check above, so that no submission falls between
  }

  function takeGroup(): Submission<Item, Result>[] {
    let count = 0;
    const end = waiting.findIndex((submission, index) => {
      count += submission.items.length;
      return index > 0 && count > options.maxItems;
    });
    const group = end === -1 ? waiting : waiting.slice(0, end);
    waiting = end === -1 ? [] : waiting.slice(end);
    return group;
  }

  function settle(group: readonly Submission<Item, Result>[], results: readonly Result[]): void {
    let start = 0;
    for (const { items, resolve } of group) {
      resolve(results.slice(start, start + items.length));
      start += items.length;
    }
  }

  return {
    /** Resolves with one result per item once they are durable. */
    submit(items: readonly Item[]): Promise<readonly Result[]> {
      if (items.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        void drain();
      });
    },
  };
}
