import type { Change } from '@shelfcast/schemas/change';

/**
 * What became of a delivered change:
 * - `processed`: it took effect, now or in an earlier delivery whose report may have been lost;
 * - `skipped`: something newer was applied before, or a truncate lies above it;
 * - `reported`: handled and reported in an earlier delivery; there is nothing left to do.
 */
export type Outcome = 'processed' | 'skipped' | 'reported';

/** What the consumers' database knew about a batch before it was applied. */
export interface KnownPositions {
  /** Newest applied position, by `guardKey`. */
  readonly guards: ReadonlyMap<string, string>;
  /** Position of the last truncate, by entity. */
  readonly floors: ReadonlyMap<string, string>;
  /** Last batch of each partition with durable effects, by `partitionKey`. */
  readonly batches: ReadonlyMap<string, DurableBatch>;
}

/** Offsets `[firstOffset, nextOffset)` of one partition, of which `skippedOffsets` had no effect. */
export interface DurableBatch {
  readonly firstOffset: bigint;
  readonly nextOffset: bigint;
  readonly skippedOffsets: ReadonlySet<bigint>;
}

export interface Judged {
  readonly change: Change;
  readonly outcome: Outcome;
  /** Whether to apply it now. */
  readonly fresh: boolean;
}

export function guardKey(entity: string, key: string): string {
  return `${entity}\u0000${key}`;
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}\u0000${partition}`;
}

/**
 * Decides, in order, which changes of a batch are newer than everything applied to their key.
 * Pure; truncates are judged by the floor alone.
 */
export function judge(changes: readonly Change[], known: KnownPositions): Judged[] {
  const guards = new Map(known.guards);
  return changes.map((change) => {
    const floor = known.floors.get(change.entity) ?? '';
    if (change.key === null) {
      const fresh = change.position > floor;
      return { change, fresh, outcome: fresh ? 'processed' : staleOutcome(change, floor, known) };
    }
    const key = guardKey(change.entity, change.key);
    const newest = guards.get(key) ?? '';
    if (change.position > floor && change.position > newest) {
      guards.set(key, change.position);
      return { change, fresh: true, outcome: 'processed' };
    }
    return { change, fresh: false, outcome: staleOutcome(change, newest, known) };
  });
}

function staleOutcome(change: Change, newest: string, known: KnownPositions): Outcome {
  const { topic, partition, offset } = change.record;
  const durable = known.batches.get(partitionKey(topic, partition));
  if (durable !== undefined && offset < durable.firstOffset) return 'reported';
  if (durable !== undefined && offset < durable.nextOffset) {
    return durable.skippedOffsets.has(offset) ? 'skipped' : 'processed';
  }
  // Delivered again at a new offset by Debezium: the very change that was applied, or an older one.
  return change.position === newest ? 'processed' : 'skipped';
}
