import { type Finding, note, ok, problem } from '@shelfcast/service-kit/finding';
import type { DeadLetterFacts } from '../facts/dead-letters.ts';

const keysOf = (count: number): string => (count === 1 ? '1 key' : `${count} keys`);

/** Changes that could not be applied: none wait for a decision. */
export function checkDeadLetters(facts: readonly DeadLetterFacts[]): Finding[] {
  if (facts.length === 0) return [ok('dead-letters', 'No change waits that could not be applied')];
  return facts.map(({ consumer, retrying, dead }) => {
    if (dead > 0) {
      return problem(
        'dead-letters',
        `Changes of ${keysOf(dead)} could not be applied by ${consumer} and wait for a decision.`,
        `make dead-letters CONSUMER=${consumer}   # why; mend it, then make redrive CONSUMER=${consumer} ALL=1`,
      );
    }
    return note(
      'dead-letters',
      `Changes of ${keysOf(retrying)} could not be applied by ${consumer} yet; it tries them again by itself.`,
    );
  });
}
