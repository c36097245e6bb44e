import { type Finding, note, ok, problem } from '@shelfcast/service-kit/finding';
import type { GroupFacts } from '../facts/kafka.ts';

/** Consumer groups: they have members, and make progress. */
export function checkGroup({ group, members, lag, moved }: GroupFacts): Finding {
  const waiting = `${lag} ${lag === 1n ? 'record' : 'records'} waiting`;
  if (members === 0) {
    return problem(
      'group',
      `Consumer group ${group} has no members: ${waiting}.`,
      'make start   # and make logs SERVICE=consumers for the reason',
    );
  }
  const who = `Consumer group ${group} has ${members} ${members === 1 ? 'member' : 'members'}`;
  if (moved === false) {
    return problem(
      'group',
      `${who} and does not get on: ${waiting}.`,
      'make logs SERVICE=consumers',
    );
  }
  return lag > 0n ? note('group', `${who}, ${waiting}.`) : ok('group', `${who} and no lag`);
}
