import type { Change, Row } from '@shelfcast/schemas/change';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import { NOWHERE, precedence } from './precedence.ts';

/**
 * What became of a delivered change:
 * - `processed`: it took effect, now or in an earlier delivery whose report may have been lost;
 * - `skipped`: something newer was applied before, or a truncate lies above it;
 * - `repeated`: an event with its id was handled before, at another place of the topic;
 * - `conflict`: it is about something that another origin owns, and none of it had an effect;
 * - `parked`: its key has changes waiting that could not be applied; it waits behind them;
 * - `reported`: handled and reported in an earlier delivery; there is nothing left to do.
 */
export type Outcome = 'processed' | 'skipped' | 'repeated' | 'conflict' | 'parked' | 'reported';

/** What the consumers' database knew about a batch before it was applied. */
export interface KnownPositions {
  /** Newest applied position, by `guardKey`. */
  readonly guards: ReadonlyMap<string, string>;
  /** Keys with parked changes, by `guardKey`. */
  readonly parked: ReadonlySet<string>;
  /** Position of the last truncate, by entity. */
  readonly floors: ReadonlyMap<string, string>;
  /** What has durable effects and perhaps no acknowledged report, by `partitionKey`. */
  readonly batches: ReadonlyMap<string, DurableBatch>;
}

/** Offsets `[firstOffset, nextOffset)` of one partition, of which `skippedOffsets` had no effect. */
export interface DurableBatch {
  readonly firstOffset: bigint;
  readonly nextOffset: bigint;
  readonly skippedOffsets: ReadonlySet<bigint>;
}

export interface Classified {
  readonly change: Change;
  readonly outcome: Outcome;
  /** Whether to apply it now. */
  readonly fresh: boolean;
  /**
   * Its key has changes waiting: it goes behind them, unless it is there. So does one that was `reported`: in a topic
   * that was made again, that was another one at the same offset.
   */
  readonly waits?: boolean;
  /** Another origin owns the key: only fields that are shared can take effect. */
  readonly contested?: boolean;
  /** Columns that lost against another origin, where others took effect. */
  readonly lost?: Row;
}

export function guardKey(entity: string, key: string): string {
  return `${entity}\u0000${key}`;
}

/**
 * Decides, in order, which changes of a batch are newer than everything applied to their key.
 * Pure; truncates are judged by the floor alone.
 */
export function classifyChanges(changes: readonly Change[], known: KnownPositions): Classified[] {
  const guards = new Map(known.guards);
  return changes.map((change) => {
    const { entity, position } = change;
    const floor = known.floors.get(entity) ?? NOWHERE;
    if (change.key === null) {
      const fresh = position > floor;
      return { change, fresh, outcome: fresh ? 'processed' : staleOutcome(change, floor, known) };
    }
    const key = guardKey(entity, change.key);
    const newest = guards.get(key) ?? NOWHERE;
    const isStale = (outcome: Outcome): Classified => ({ change, fresh: false, outcome });
    const rank = precedence(position, newest);
    if (rank === 'older' || precedence(position, floor) === 'older') {
      return isStale(staleOutcome(change, newest, known));
    }
    if (known.parked.has(key)) {
      return { ...isStale(wasReported(change, known) ? 'reported' : 'parked'), waits: true };
    }
    if (rank === 'conflict') {
      return { ...isStale(contestedOutcome(change, known)), contested: true };
    }
    guards.set(key, position);
    return { change, fresh: true, outcome: 'processed' };
  });
}

/** Whether the change came before all whose reports may be under way: its own is acknowledged. */
function wasReported({ record }: Change, known: KnownPositions): boolean {
  const durable = known.batches.get(partitionKey(record));
  return durable !== undefined && record.offset < durable.firstOffset;
}

/** Whether the change had an effect that is durable; undefined where it was in none of these batches. */
function hadEffect({ record }: Change, known: KnownPositions): boolean | undefined {
  const durable = known.batches.get(partitionKey(record));
  if (durable === undefined || record.offset >= durable.nextOffset) return undefined;
  return !durable.skippedOffsets.has(record.offset);
}

function contestedOutcome(change: Change, known: KnownPositions): Outcome {
  if (wasReported(change, known)) return 'reported';
  return hadEffect(change, known) === true ? 'processed' : 'conflict';
}

function staleOutcome(change: Change, newest: string, known: KnownPositions): Outcome {
  if (wasReported(change, known)) return 'reported';
  const before = hadEffect(change, known);
  if (before !== undefined) return before ? 'processed' : 'skipped';
  // Delivered again at a new offset by Debezium: the very change that was applied, or an older one.
  return change.position === newest ? 'processed' : 'skipped';
}
