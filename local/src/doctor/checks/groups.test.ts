import { assertFinding, type Expected } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { GroupFacts } from '../facts/kafka.ts';
import { checkGroup } from './groups.ts';

const test = suite('doctor: consumer groups');

const cases: [string, Omit<GroupFacts, 'group'>, Omit<Expected, 'check'>][] = [
  [
    'nothing to do',
    { members: 1, lag: 0n, moved: undefined },
    { level: 'ok', summary: /1 member and no lag/ },
  ],
  [
    'at work',
    { members: 2, lag: 40n, moved: true },
    { level: 'note', summary: /2 members, 40 records waiting/ },
  ],
  [
    'no members',
    { members: 0, lag: 1n, moved: undefined },
    {
      level: 'problem',
      summary: /Consumer group catalogue has no members: 1 record waiting/,
      remedy: /make start/,
    },
  ],
  [
    'stuck',
    { members: 1, lag: 40n, moved: false },
    {
      level: 'problem',
      summary: /does not get on: 40 records/,
      remedy: /make logs SERVICE=consumers/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () =>
    assertFinding([checkGroup({ group: 'catalogue', ...facts })], { check: 'group', ...expected }),
  );
}

test.run();
