import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { ConnectorPresence } from './check-connector.ts';
import { checkSlot } from './check-slot.ts';
import type { CaptureFacts } from './read-source.ts';
import { capture, slot } from './testing/facts.ts';

const test = suite('health: replication slot');

test('a slot that is streamed from', () =>
  assertAllOk(checkSlot(capture, { presence: 'running', storedLsn: 1n })));

const GIB = 1024n ** 3n;
const cases: [string, Partial<CaptureFacts>, ConnectorPresence, Expected][] = [
  [
    'no slot before the first registration',
    { slot: undefined },
    'missing',
    {
      check: 'slot',
      level: 'problem',
      summary: /no replication slot/,
      remedy: /^make connector-register$/,
    },
  ],
  [
    'no slot under a connector that had one',
    { slot: undefined },
    'running',
    {
      check: 'slot',
      level: 'problem',
      summary: /is gone/,
      remedy: /^YES=1 make resync /,
    },
  ],
  [
    'invalidated',
    { slot: { ...slot, invalidationReason: 'wal_removed', walStatus: 'lost' } },
    'running',
    {
      check: 'slot',
      level: 'problem',
      summary: /invalidated.*wal_removed/,
      remedy: /^YES=1 make resync /,
    },
  ],
  [
    'lost on a Postgres that gives no reason',
    { slot: { ...slot, walStatus: 'lost' } },
    'running',
    { check: 'slot', level: 'problem', summary: /WAL removed/ },
  ],
  [
    'kept for a session with a transaction that was left open, not for the connector',
    {
      currentLsn: 3_500_000_000n,
      slot: {
        ...slot,
        retainedWalBytes: 3_500_000_000n,
        safeWalSize: 500_000_000n,
        confirmedFlushLsn: 3_499_999_000n,
        oldestTransaction: { pid: 7, user: 'alice', application: 'psql', ageMs: 7_200_000 },
      },
    },
    'running',
    {
      check: 'slot-wal',
      level: 'problem',
      summary: /since a transaction of session 7 of alice \(psql\) has been open for 2 h/,
      remedy: /select pg_terminate_backend\(7\)/,
    },
  ],
  [
    'nobody streams although the connector runs',
    { slot: { ...slot, active: false } },
    'running',
    { check: 'slot', level: 'problem', summary: /Nothing streams/, remedy: /connector-restart/ },
  ],
  [
    'nothing streams because the connector is stopped: its own check says what to do',
    { slot: { ...slot, active: false } },
    'not running',
    { check: 'slot', level: 'note', summary: /connector does not run/ },
  ],
  [
    'held up by an older transaction',
    { slot: { ...slot, waitsFor: [{ pid: 7, user: 'alice', application: 'psql' }] } },
    'running',
    {
      check: 'slot-waits',
      level: 'problem',
      summary: /session 7 of alice \(psql\)/,
      remedy: /SQL="select pg_terminate_backend\(7\)"/,
    },
  ],
  [
    'held up by a prepared transaction',
    { slot: { ...slot, waitsFor: [{ pid: 0, user: null, application: null }] } },
    'running',
    {
      check: 'slot-waits',
      level: 'problem',
      summary: /a prepared transaction/,
      remedy: /prepared_xacts/,
    },
  ],
  [
    'about to be lost',
    { slot: { ...slot, walStatus: 'unreserved' } },
    'running',
    { check: 'slot-wal', level: 'problem', summary: /lost at the next checkpoint/ },
  ],
  [
    'near the budget',
    { slot: { ...slot, walStatus: 'extended', retainedWalBytes: 7n * GIB, safeWalSize: GIB } },
    'running',
    {
      check: 'slot-wal',
      level: 'problem',
      summary: /keeps 7 GiB of WAL; it is lost after 1 GiB more/,
    },
  ],
  [
    'behind',
    { slot: { ...slot, walStatus: 'extended', retainedWalBytes: GIB, safeWalSize: 3n * GIB } },
    'running',
    { check: 'slot-wal', level: 'note', summary: /behind/ },
  ],
  [
    'no limit to compare with',
    { slot: { ...slot, safeWalSize: null, retainedWalBytes: GIB } },
    'running',
    { check: 'slot-wal', level: 'ok', summary: /1 GiB/ },
  ],
  [
    'an offset of a time that did not happen',
    { currentLsn: 0n },
    'running',
    {
      check: 'offset',
      level: 'problem',
      summary: /restored to an earlier moment/,
      remedy: /^YES=1 make resync /,
    },
  ],
];

for (const [given, facts, presence, expected] of cases) {
  test(given, () =>
    assertFinding(checkSlot({ ...capture, ...facts }, { presence, storedLsn: 1n }), expected),
  );
}

test.run();
