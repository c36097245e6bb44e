import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import { checkServer } from './check-server.ts';
import type { ServerFacts } from './read-server.ts';
import { server } from './testing/facts.ts';

const test = suite('health: Postgres server');

test('a sound server', () => assertAllOk(checkServer(server)));

const role = {
  login: true,
  replication: true,
  connectionLimit: -1,
  expired: false,
  connects: true,
};

const settings: [string, Partial<ServerFacts>, Expected][] = [
  [
    'wal_level',
    { walLevel: 'replica' },
    {
      check: 'wal-level',
      level: 'problem',
      summary: /wal_level is replica/,
      remedy: /make stop && make start/,
    },
  ],
  [
    'WAL without a limit',
    { maxSlotWalKeepBytes: -1 },
    {
      check: 'wal-budget',
      level: 'problem',
      summary: /unlimited/,
      remedy: /max_slot_wal_keep_size = '4GB'/,
    },
  ],
  [
    'no free slot',
    { replicationSlots: 10 },
    { check: 'slots', level: 'problem', summary: /10 of 10/, remedy: /pg_replication_slots/ },
  ],
  [
    'no free WAL sender',
    { walSenders: 10 },
    { check: 'wal-senders', level: 'problem', summary: /10 of 10/, remedy: /pg_stat_replication/ },
  ],
  [
    'no role for the connector',
    { debeziumRole: undefined },
    { check: 'role', level: 'problem', summary: /no role debezium/, remedy: /make start/ },
  ],
  [
    'a role that may not replicate',
    { debeziumRole: { ...role, replication: false } },
    {
      check: 'role',
      level: 'problem',
      summary: /may not replicate/,
      remedy: /alter role debezium login replication/,
    },
  ],
  [
    'a role with too few sessions',
    { debeziumRole: { ...role, connectionLimit: 2 } },
    { check: 'role', level: 'problem', summary: /2 sessions/, remedy: /connection limit -1/ },
  ],
  [
    'a role whose password is over',
    { debeziumRole: { ...role, expired: true } },
    {
      check: 'role',
      level: 'problem',
      summary: /not valid any more/,
      remedy: /valid until 'infinity'/,
    },
  ],
  [
    'a role that is kept from the database',
    { debeziumRole: { ...role, connects: false } },
    {
      check: 'role',
      level: 'problem',
      summary: /may not connect/,
      remedy: /grant connect on database products to debezium/,
    },
  ],
];

for (const [given, facts, expected] of settings) {
  test(given, () => assertFinding(checkServer({ ...server, ...facts }), expected));
}

const clocks: [ServerFacts['clockOffsetMs'], Expected][] = [
  [-120, { check: 'clock', level: 'ok', summary: /120 ms behind/ }],
  [900, { check: 'clock', level: 'note', summary: /900 ms ahead/ }],
  [-60_000, { check: 'clock', level: 'problem', summary: /60000 ms behind/, remedy: /ntp/ }],
];

for (const [clockOffsetMs, expected] of clocks) {
  test(`a clock ${clockOffsetMs} ms off`, () =>
    assertFinding(checkServer({ ...server, clockOffsetMs }), expected));
}

test.run();
