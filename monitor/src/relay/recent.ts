import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import type { Positions } from './positions.ts';

/** A report and its place in `monitoring`. */
export interface Entry {
  readonly partition: number;
  readonly offset: bigint;
  readonly event: LiveEvent;
}

export interface Slice {
  readonly events: readonly LiveEvent[];
  /** Where reading goes on. */
  readonly positions: Positions;
  /** Whether nothing came after it so far. */
  readonly complete: boolean;
}

/** The newest reports, kept in memory, so that who was away for a moment need not ask Kafka. */
export interface Recent {
  /** The end of what was read: the next report of each partition. */
  end(): Positions;
  /** Adds what was read next, and where each of its partitions goes on. */
  push(entries: readonly Entry[], next: Positions): void;
  /** Forgets everything: what comes next does not follow what came before. */
  jump(partition: number, to: bigint): void;
  /** Whether everything from there to the end is here. */
  covers(positions: Positions): boolean;
  /** Whether what is there has been read this far. */
  reached(positions: Positions): boolean;
  /** What matches from there on, at most `limit` of it. */
  after(positions: Positions, matches: (event: LiveEvent) => boolean, limit: number): Slice;
}

export function createRecent(start: Positions, capacity: number): Recent {
  const end = new Map(start);
  /** Of each partition, the oldest offset that is here. */
  const oldest = new Map(start);
  let entries: Entry[] = [];

  return {
    end: () => end,
    push(more, next) {
      for (const entry of more) entries.push(entry);
      for (const [partition, offset] of next) {
        if (!oldest.has(partition)) oldest.set(partition, 0n);
        end.set(partition, offset);
      }
      // Cut rarely: moving the array for every batch would cost more than the reports.
      if (entries.length <= capacity * 2) return;
      const gone = entries.slice(0, entries.length - capacity);
      entries = entries.slice(-capacity);
      for (const { partition, offset } of gone) oldest.set(partition, offset + 1n);
    },
    jump(partition, to) {
      entries = [];
      for (const [known, offset] of end) oldest.set(known, offset);
      oldest.set(partition, to);
      end.set(partition, to);
    },
    covers: (positions) =>
      [...oldest].every(([partition, offset]) => (positions.get(partition) ?? 0n) >= offset),
    reached: (positions) =>
      [...positions].every(([partition, offset]) => (end.get(partition) ?? 0n) >= offset),
    after(positions, matches, limit) {
      const reached = new Map(positions);
      const events: LiveEvent[] = [];
      for (const { partition, offset, event } of entries) {
        if (offset < (reached.get(partition) ?? 0n)) continue;
        if (matches(event)) {
          if (events.length === limit) return { events, positions: reached, complete: false };
          events.push(event);
        }
        reached.set(partition, offset + 1n);
      }
      return { events, positions: new Map(end), complete: true };
    },
  };
}
