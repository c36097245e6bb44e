import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { StackFacts } from '../facts/stack.ts';
import { postgresChild, postgresPort, stack } from '../testing/facts.ts';
import { checkProcesses } from './processes.ts';

const test = suite('doctor: processes');

test('a stack that runs', () => assertAllOk(checkProcesses(stack)));

const dead = { pid: 99, startedAt: 'boot/0', alive: false };
const cases: [string, Partial<StackFacts>, Expected][] = [
  [
    'nothing was started',
    { supervisor: undefined, children: [] },
    { check: 'stack', level: 'note', summary: /stack is down/, remedy: /^make start$/ },
  ],
  [
    'the supervisor was killed and its children with it',
    { supervisor: dead, children: [{ ...postgresChild, alive: false }] },
    {
      check: 'stale-pid',
      level: 'problem',
      summary: /postgres pid 100, which has ended/,
      remedy: /make stop/,
    },
  ],
  [
    'the supervisor was killed alone',
    { supervisor: dead },
    {
      check: 'orphan',
      level: 'problem',
      summary: /No supervisor looks after postgres \(pid 100\)/,
      remedy: /make stop/,
    },
  ],
  [
    'the dead supervisor itself is named',
    { supervisor: dead },
    { check: 'stale-pid', level: 'problem', summary: /supervisor \(pid 99\) that has ended/ },
  ],
  [
    'a pid that is another process by its start time',
    { children: [{ ...postgresChild, alive: false }] },
    {
      check: 'stale-pid',
      level: 'problem',
      summary: /another process by now/,
      remedy: /make stop && make start/,
    },
  ],
  [
    'a component that is down',
    { children: [{ ...postgresChild, status: 'restarting', alive: false }] },
    {
      check: 'component',
      level: 'problem',
      summary: /postgres is down/,
      remedy: /make logs SERVICE=postgres/,
    },
  ],
  [
    'a component that starts again and again',
    {
      children: [
        {
          ...postgresChild,
          restarts: 7,
          since: new Date(stack.nowMs - 2_000).toISOString(),
          lastExit: { code: 1, signal: null, at: '2026-01-01T11:59:57Z' },
        },
      ],
    },
    {
      check: 'component',
      level: 'problem',
      summary: /again and again: 7 restarts.*code 1/,
      remedy: /make logs/,
    },
  ],
  [
    'a component that died once, and runs since',
    {
      children: [
        {
          ...postgresChild,
          restarts: 1,
          lastExit: { code: null, signal: 'SIGKILL', at: '2026-01-01T10:59:59Z' },
        },
      ],
    },
    { check: 'component', level: 'note', summary: /restarted once.*SIGKILL/ },
  ],
  [
    'a component the last start did not come to',
    { ports: [postgresPort, { ...postgresPort, component: 'connect', port: 8083 }] },
    {
      check: 'component',
      level: 'problem',
      summary: /connect was not started/,
      remedy: /make start/,
    },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkProcesses({ ...stack, ...facts }), expected));
}

test.run();
