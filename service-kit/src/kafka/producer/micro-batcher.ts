import { setImmediate as turnOfTheEventLoop } from 'node:timers/promises';

export interface MicroBatcherOptions<Item> {
  /** Sends a batch; settles each item's caller itself and never rejects. */
  readonly deliver: (items: readonly Item[]) => Promise<void>;
  readonly bytesOf: (item: Item) => number;
  /** A larger item travels alone. */
  readonly maxBatchBytes: number;
  readonly maxBatchItems: number;
  /** Above this many waiting bytes `add` waits. */
  readonly maxQueuedBytes: number;
}

export interface MicroBatcher<Item> {
  /** Resolves once the items are in the queue: at once, or when there is room. Keeps the order of calls. */
  add(items: readonly Item[]): Promise<void>;
  /** Takes back everything that is not in flight. */
  drainQueue(): Item[];
  /** Resolves when nothing is queued or in flight. */
  idle(): Promise<void>;
}

/**
 * Sends all that arrived while the last batch was in flight as the next batch. No timer: an item that arrives alone
 * goes in the same turn of the event loop, and batches grow as the receiver gets slower.
 */
export function createMicroBatcher<Item>(options: MicroBatcherOptions<Item>): MicroBatcher<Item> {
  const { deliver, bytesOf, maxBatchBytes, maxBatchItems, maxQueuedBytes } = options;
  const queue: Item[] = [];
  const waiting: { items: readonly Item[]; admit: () => void }[] = [];
  const idlers: (() => void)[] = [];
  let queuedBytes = 0;
  let running = false;

  const sizeOf = (items: readonly Item[]): number =>
    items.reduce((sum, item) => sum + bytesOf(item), 0);

  /** An empty queue takes anything, or a large call would wait for ever. */
  function hasRoom(bytes: number): boolean {
    return queue.length === 0 || queuedBytes + bytes <= maxQueuedBytes;
  }

  function enqueue(items: readonly Item[]): void {
    for (const item of items) queue.push(item);
    queuedBytes += sizeOf(items);
    if (!running) {
      running = true;
      void run();
    }
  }

  function admitWaiting(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (!hasRoom(sizeOf(next.items))) return;
      waiting.shift();
      enqueue(next.items);
      next.admit();
    }
  }

  function takeBatch(): Item[] {
    let bytes = 0;
    let count = 0;
    for (const item of queue) {
      bytes += bytesOf(item);
      if (count > 0 && (bytes > maxBatchBytes || count >= maxBatchItems)) break;
      count += 1;
    }
    const batch = queue.splice(0, count);
    queuedBytes -= sizeOf(batch);
    return batch;
  }

  async function run(): Promise<void> {
    while (queue.length > 0) {
      // What has arrived at other sockets by now, and what the last answer led to, shares the batch.
      await turnOfTheEventLoop();
      const batch = takeBatch();
      admitWaiting();
      if (batch.length > 0) await deliver(batch);
    }
    running = false;
    for (const done of idlers.splice(0)) done();
  }

  return {
    add(items) {
      if (items.length === 0) return Promise.resolve();
      if (waiting.length === 0 && hasRoom(sizeOf(items))) {
        enqueue(items);
        return Promise.resolve();
      }
      return new Promise((admit) => waiting.push({ items, admit }));
    },
    drainQueue() {
      const items = queue.splice(0);
      queuedBytes = 0;
      for (const { items: held, admit } of waiting.splice(0)) {
        items.push(...held);
        admit();
      }
      return items;
    },
    idle() {
      if (!running && waiting.length === 0) return Promise.resolve();
      return new Promise((done) => idlers.push(done));
    },
  };
}
