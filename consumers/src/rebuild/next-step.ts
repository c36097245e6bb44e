import type { RebuildRow } from './rebuilds.ts';

/** What a process that builds a generation does next. */
export type BuildStep =
  /** The process ends; another one goes on. */
  | 'interrupted'
  /** The consumer that builds it cannot go on: it is built by a new one. */
  | 'failed'
  | 'cancelled'
  /** Another process was quicker. */
  | 'swapped'
  /** Looks how far it is, and swaps once it has caught up. */
  | 'look';

/**
 * The first that holds: the process ends → interrupted · the consumer failed → failed · the row is gone or cancelled →
 * cancelled · swapped → swapped · else look.
 * @param row as it is now; undefined where it is gone
 */
export function nextStep(
  row: Pick<RebuildRow, 'cancelledBy' | 'swapped'> | undefined,
  { isStopping, hasFailed }: { readonly isStopping: boolean; readonly hasFailed: boolean },
): BuildStep {
  if (isStopping) return 'interrupted';
  if (hasFailed) return 'failed';
  if (row === undefined || row.cancelledBy !== null) return 'cancelled';
  return row.swapped ? 'swapped' : 'look';
}
