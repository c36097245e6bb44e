import { assertFinding, type Expected } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { DeadLetterFacts } from '../facts/dead-letters.ts';
import { checkDeadLetters } from './dead-letters.ts';

const test = suite('doctor: dead letters');

const cases: [string, DeadLetterFacts[], Omit<Expected, 'check'>][] = [
  ['none', [], { level: 'ok', summary: /No change waits/ }],
  [
    'tried again by themselves',
    [{ consumer: 'pricing', retrying: 2, dead: 0 }],
    { level: 'note', summary: /2 keys could not be applied by pricing yet/ },
  ],
  [
    'given up',
    [{ consumer: 'catalogue', retrying: 3, dead: 1 }],
    {
      level: 'problem',
      summary: /1 key could not be applied by catalogue and wait/,
      remedy: /make dead-letters CONSUMER=catalogue/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkDeadLetters(facts), { check: 'dead-letters', ...expected }));
}

test.run();
