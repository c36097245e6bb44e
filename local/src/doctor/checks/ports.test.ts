import { assertFinding, type Expected } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { StackFacts } from '../facts/stack.ts';
import { postgresChild, postgresPort, stack } from '../testing/facts.ts';
import { checkPorts } from './ports.ts';

const test = suite('doctor: ports');

const other = { pid: 4242, command: 'python3 -m http.server' };
const cases: [string, Partial<StackFacts>, Expected][] = [
  ['held by the stack itself', {}, { check: 'port', level: 'ok', summary: /5432/ }],
  [
    'free',
    { children: [], ports: [{ ...postgresPort, taken: false, owner: undefined }] },
    { check: 'port', level: 'ok', summary: /5432 are free$/ },
  ],
  [
    'taken while the stack is down',
    { children: [], ports: [{ ...postgresPort, owner: other }] },
    {
      check: 'port',
      level: 'problem',
      summary:
        /Port 5432 for Postgres is taken by pid 4242 \(python3 -m http\.server\); POSTGRES_PORT moves it, PORT_OFFSET/,
      remedy: /POSTGRES_PORT=6432 make start.*kill 4242/,
    },
  ],
  [
    'taken by another while our own process tries in vain',
    { ports: [{ ...postgresPort, owner: other }] },
    { check: 'port', level: 'problem', summary: /pid 4242/ },
  ],
  [
    'held by a process that another user hides, while ours lives',
    { ports: [{ ...postgresPort, owner: undefined }] },
    { check: 'port', level: 'ok', summary: /held by the stack/ },
  ],
  [
    'held by a process that another user hides, while ours is dead',
    {
      children: [{ ...postgresChild, alive: false }],
      ports: [{ ...postgresPort, owner: undefined }],
    },
    { check: 'port', level: 'problem', summary: /a process of another user/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkPorts({ ...stack, ...facts }), expected));
}

test.run();
