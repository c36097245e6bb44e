import type { CommandOutcome, DeadLetterItem } from '@shelfcast/schemas/monitor/operations';
import { plural } from '../../lib/format.ts';

/** Outcomes of several commands as one. */
export function together(outcomes: readonly CommandOutcome[]): CommandOutcome {
  return {
    matched: outcomes.reduce((sum, { matched }) => sum + matched, 0),
    done: outcomes.reduce((sum, { done }) => sum + done, 0),
    refused: outcomes.flatMap(({ refused }) => refused),
  };
}

/** Ids of the letters of each consumer: each does its part itself. */
export function idsByConsumer(
  letters: readonly Pick<DeadLetterItem, 'id' | 'consumer'>[],
): readonly { readonly consumer: string; readonly ids: readonly string[] }[] {
  return [...new Set(letters.map(({ consumer }) => consumer))].map((consumer) => ({
    consumer,
    ids: letters.filter((letter) => letter.consumer === consumer).map(({ id }) => id),
  }));
}

/** What can be done to dead letters. */
export type Deed = 'redrive' | 'discard';

/** What a dry run found, in a sentence. */
export function describeDryRun({ matched, done }: CommandOutcome, deed: Deed): string {
  if (matched === 0)
    return 'None of them is there any more: they were applied or discarded meanwhile.';
  if (done === 0)
    return deed === 'redrive' ? 'Nothing would be tried again.' : 'Nothing would be given up.';
  const left = matched - done;
  const rest = left === 0 ? '' : ` ${plural(left, 'key')} would be left alone.`;
  if (deed === 'discard') {
    return `${plural(done, 'change')} would be given up, the oldest of ${done === 1 ? 'its key' : 'each key'}.${rest}`;
  }
  return `${plural(done, 'key')} would be tried again, with all that waits behind.${rest}`;
}

/** What a discard came to. */
export function describeDiscarded({ matched, done }: CommandOutcome): string {
  if (done === 0) return 'Nothing was discarded: they were gone already.';
  const left = matched - done;
  const rest = left === 0 ? '' : ` ${plural(left, 'key was', 'keys were')} left alone.`;
  return `${plural(done, 'dead letter is', 'dead letters are')} discarded.${rest}`;
}

type LetterKey = Pick<DeadLetterItem, 'consumer' | 'entity' | 'key' | 'id'>;

/** What became of keys that were redriven: by what is still parked. */
export interface Progress {
  readonly applied: number;
  readonly underway: number;
  /** Failed again, and wait for a decision. */
  readonly failed: number;
}

export function progressOf(
  redriven: readonly LetterKey[],
  parked: readonly DeadLetterItem[],
): Progress {
  const states = redriven.map(({ consumer, entity, key, id }) => {
    const now = parked.find(
      (one) => one.consumer === consumer && one.entity === entity && one.key === key,
    );
    // Its own change is through when another one of the key is the oldest.
    if (now === undefined || now.id !== id) return 'applied';
    return now.state === 'dead' ? 'failed' : 'underway';
  });
  const number = (wanted: string) => states.filter((state) => state === wanted).length;
  return { applied: number('applied'), underway: number('underway'), failed: number('failed') };
}

export function describeProgress({ applied, underway, failed }: Progress): string {
  return [
    applied > 0 ? `${plural(applied, 'key is', 'keys are')} applied` : '',
    underway > 0 ? `${plural(underway, 'key is', 'keys are')} being tried` : '',
    failed > 0 ? `${plural(failed, 'key')} failed again` : '',
  ]
    .filter(Boolean)
    .join(', ')
    .concat('.');
}
