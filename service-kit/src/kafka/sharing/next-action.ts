/** What is known when a member of several asks for records. */
export interface FetchFacts {
  /** Of a partition it wants records that are kept no longer, or that no member has read. */
  readonly isBehind: boolean;
  /** Something that it wants is kept. */
  readonly hasKept: boolean;
  /** It has waited as long as it asked to. */
  readonly isOver: boolean;
  /** A fetch for all is under way, and not overdue. */
  readonly isUnderWay: boolean;
  /** Its own fetches for all have hung lately. */
  readonly hangs: boolean;
}

export type FetchAction =
  /** Asks the broker as if there were no others. */
  | 'askAlone'
  /** Gets what another member has fetched. */
  | 'takeKept'
  /** Gets an empty answer. */
  | 'giveUp'
  /** Waits for the fetch that is under way, if that covers what it wants. */
  | 'join'
  /** Fetches for all, and waits for that. */
  | 'fetchForAll';

/** The first that holds, from top to bottom. */
export function nextAction(facts: FetchFacts): FetchAction {
  if (facts.isBehind) return 'askAlone';
  if (facts.hasKept) return 'takeKept';
  if (facts.isOver) return 'giveUp';
  if (facts.isUnderWay) return 'join';
  return facts.hangs ? 'askAlone' : 'fetchForAll';
}
