import { type ConnectorPresence, checkSlot } from '@shelfcast/connect-config/health/check-slot';
import { suite } from 'uvu';
import type { CaptureFacts } from '../facts/postgres.ts';
import { assertAllOk, assertFinding, type Expected } from '../testing/expect.ts';
import { capture, slot } from '../testing/facts.ts';

const test = suite('doctor: replication slot');

test('a slot that is streamed from', () => assertAllOk(checkSlot(capture, 'running')));

const GIB = 1024n ** 3n;
const cases: [string, Partial<CaptureFacts>, ConnectorPresence, Expected][] = [
  [
    'no slot before the first registration',
    { slot: undefined },
    'missing',
    {
      check: 'slot',
      level: 'problem',
      says: /no replication slot/,
      mend: /^make connector-register$/,
    },
  ],
  [
    'no slot under a connector that had one',
    { slot: undefined },
    'running',
    {
      check: 'slot',
      level: 'problem',
      says: /is gone/,
      mend: /^YES=1 make resync /,
    },
  ],
  [
    'invalidated',
    { slot: { ...slot, invalidationReason: 'wal_removed', walStatus: 'lost' } },
    'running',
    {
      check: 'slot',
      level: 'problem',
      says: /invalidated.*wal_removed/,
      mend: /^YES=1 make resync /,
    },
  ],
  [
    'lost on a Postgres that gives no reason',
    { slot: { ...slot, walStatus: 'lost' } },
    'running',
    { check: 'slot', level: 'problem', says: /WAL removed/ },
  ],
  [
    'nobody streams although the connector runs',
    { slot: { ...slot, active: false } },
    'running',
    { check: 'slot', level: 'problem', says: /Nobody streams/, mend: /connector-restart/ },
  ],
  [
    'nobody streams because the connector is stopped: its own check says what to do',
    { slot: { ...slot, active: false } },
    'not running',
    { check: 'slot', level: 'note', says: /connector does not run/ },
  ],
  [
    'about to be lost',
    { slot: { ...slot, walStatus: 'unreserved' } },
    'running',
    { check: 'slot-wal', level: 'problem', says: /lost at the next checkpoint/ },
  ],
  [
    'near the budget',
    { slot: { ...slot, walStatus: 'extended', retainedWalBytes: 7n * GIB, safeWalSize: GIB } },
    'running',
    {
      check: 'slot-wal',
      level: 'problem',
      says: /keeps 7 GiB of WAL; it is lost after 1 GiB more/,
    },
  ],
  [
    'behind',
    { slot: { ...slot, walStatus: 'extended', retainedWalBytes: GIB, safeWalSize: 3n * GIB } },
    'running',
    { check: 'slot-wal', level: 'note', says: /behind/ },
  ],
  [
    'no limit to compare with',
    { slot: { ...slot, safeWalSize: null, retainedWalBytes: GIB } },
    'running',
    { check: 'slot-wal', level: 'ok', says: /1 GiB/ },
  ],
  [
    'an old heartbeat',
    { heartbeatAgeMs: 95_000 },
    'running',
    { check: 'heartbeat', level: 'problem', says: /1 min 35 s ago/, mend: /connector-restart/ },
  ],
  [
    'an old heartbeat of a paused connector',
    { heartbeatAgeMs: 95_000 },
    'not running',
    { check: 'heartbeat', level: 'note', says: /does not run/ },
  ],
  [
    'a heartbeat that lost its row',
    { heartbeatAgeMs: undefined },
    'running',
    {
      check: 'heartbeat',
      level: 'problem',
      says: /lost its row/,
      mend: /insert into shelfcast\.heartbeat/,
    },
  ],
];

for (const [given, facts, connector, expected] of cases) {
  test(given, () => assertFinding(checkSlot({ ...capture, ...facts }, connector), expected));
}

test.run();
