import { isManual, NOWHERE } from '../runtime/positions/precedence.ts';
import type { ModelRow } from './model-rows.ts';
import type { SourceRow } from './source-rows.ts';

/** A key as both sides showed it, the source first. */
export interface Sight {
  readonly source: SourceRow | undefined;
  readonly model: ModelRow;
}

/** Why a key is not equal on both sides. */
export type Reason =
  /** It was equal when it was looked at again: a change was on its way. */
  | 'in flight'
  /** A change of it failed and is tried again. */
  | 'parked'
  /** A change of it failed for good, until a person redrives it. */
  | 'dead letter'
  /** Another origin owns the key, and the database has only shown it in a snapshot. */
  | 'conflict'
  /** The columns that differ are shared, and another origin's values count. */
  | 'shared field'
  /** The consumer is paused, so changes wait. */
  | 'paused'
  /** The consumer has not handled in time what had been captured. */
  | 'behind'
  /** It changed whenever it was looked at, so this check cannot tell. */
  | 'unsettled'
  /** A change of the source did not reach the read model. */
  | 'lost'
  /** A delete of the source did not reach the read model. */
  | 'extra'
  /** What reached the read model took effect, and the read model says otherwise. */
  | 'changed by hand';

/** Reasons that need a person, or a repair; the others come right by themselves, or are right. */
const WRONG: ReadonlySet<Reason> = new Set([
  ...(['dead letter', 'paused', 'behind', 'lost', 'extra', 'changed by hand'] as const),
]);

export function isWrong(reason: Reason): boolean {
  return WRONG.has(reason);
}

/** Whether both sides show the same row, or both none. Rows of keys that publishers own have no other side. */
export function isEqual({ source, model }: Sight): boolean {
  if (source === undefined) return model.digest === null || isManual(model.position ?? NOWHERE);
  return model.digest === source.digest && model.wrong.length === 0;
}

/**
 * What two sights of a key say, when everything that was committed before the first took effect before the second. A key
 * that neither a change of the source nor one of the consumer has touched in between must be equal then: the same
 * transaction made the source's row, and the consumer's position is the same. Values would not tell that: stock goes 5, 6, 5.
 */
export function judge(before: Sight, now: Sight): 'equal' | 'moved' | 'different' {
  if (isEqual(now)) return 'equal';
  const isSame =
    before.source?.version === now.source?.version &&
    before.model.position === now.model.position &&
    before.model.digest === now.model.digest;
  return isSame ? 'different' : 'moved';
}

/** What is known of a difference beside its sight. */
export interface Evidence {
  readonly parked?: 'retrying' | 'dead' | undefined;
  /** Whether each column that differs is a shared one whose value is another origin's. */
  readonly isShared: boolean;
  /** Position of the newest change in the log that gives the row as the source has it; undefined where there is none. */
  readonly capturedAt?: string | undefined;
}

/** Why a key differs whose changes have all taken effect. */
export function reasonOf({ source, model }: Sight, evidence: Evidence): Reason {
  const { position, isDeleted } = model;
  if (evidence.parked !== undefined) return evidence.parked === 'dead' ? 'dead letter' : 'parked';
  if (source === undefined) {
    return position === null || position === NOWHERE || isDeleted ? 'changed by hand' : 'extra';
  }
  if (isManual(position ?? NOWHERE)) return 'conflict';
  if (evidence.isShared) return 'shared field';
  if (model.digest === source.digest) return 'changed by hand'; // a computed value
  const { capturedAt } = evidence;
  return capturedAt !== undefined && position !== null && capturedAt <= position
    ? 'changed by hand'
    : 'lost';
}
