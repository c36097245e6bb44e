import { CONNECTOR } from '@shelfcast/connect-config/context';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Facts, judge } from './judge.ts';

const MIB = 1024n ** 2n;
const thresholds = {
  ALERT_LAG_SECONDS: 30,
  ALERT_ERROR_PERCENT: 5,
  ALERT_DEAD_LETTERS: 1,
  ALERT_SLOT_BUDGET_PERCENT: 80,
  ALERT_HEARTBEAT_SECONDS: 30,
  ALERT_RECORD_PERCENT: 80,
};
const slot = {
  active: true,
  walStatus: 'reserved',
  retainedWalBytes: 20n * MIB,
  safeWalSize: 80n * MIB,
  invalidationReason: null,
  confirmedFlushLsn: 1n,
};
const replication = { slotName: 'shelfcast', slot, heartbeatAgeMs: 1_000, spending: undefined };
const task = { id: 0, state: 'RUNNING', worker: 'w', failure: null };
const failure = { cause: 'boom', meaning: null, remedy: null, needsResync: false };
const running = { name: CONNECTOR, state: 'RUNNING', failure: null, tasks: [task] };
const group = { consumer: 'catalogue', members: 1, messages: 0n, lagMs: 0 };
const well: Facts = {
  connectors: [running],
  replication,
  groups: [group],
  deadLetters: new Map([['catalogue', 0]]),
  errors: new Map([['catalogue', { failed: 0, all: 1_000 }]]),
  largestRecord: undefined,
  maxRecordBytes: 1_000,
};

const test = suite('what facts mean');
const namesOf = (facts: Partial<Facts>): string[] =>
  judge({ ...well, ...facts }, thresholds).conditions.map(({ name }) => name);

test('nothing fires where all is well', () => assert.equal(namesOf({}), []));

const cases: [string, Partial<Facts>, string[]][] = [
  [
    'a failed task',
    { connectors: [{ ...running, tasks: [{ ...task, state: 'FAILED', failure }] }] },
    ['TaskFailed'],
  ],
  ['no slot', { replication: { ...replication, slot: undefined } }, ['SlotLost']],
  [
    'no slot before there is a connector',
    { connectors: [], replication: { ...replication, slot: undefined } },
    [],
  ],
  [
    'no slot while Connect cannot be asked',
    { connectors: undefined, replication: { ...replication, slot: undefined } },
    [],
  ],
  [
    'an invalidated slot',
    { replication: { ...replication, slot: { ...slot, walStatus: 'lost' } } },
    ['SlotLost'],
  ],
  [
    'a slot that nobody streams from',
    { replication: { ...replication, slot: { ...slot, active: false } } },
    [],
  ],
  [
    'a slot with little left',
    { replication: { ...replication, slot: { ...slot, retainedWalBytes: 900n * MIB } } },
    ['SlotBudget'],
  ],
  [
    'a late heartbeat',
    { replication: { ...replication, heartbeatAgeMs: 31_000 } },
    ['NoHeartbeat'],
  ],
  ['a group without members', { groups: [{ ...group, members: 0 }] }, ['ConsumerSilent']],
  ['an old record', { groups: [{ ...group, messages: 1n, lagMs: 31_000 }] }, ['ConsumerLag']],
  ['a dead letter', { deadLetters: new Map([['catalogue', 1]]) }, ['DeadLetters']],
  [
    'many failures',
    { errors: new Map([['catalogue', { failed: 60, all: 1_000 }]]) },
    ['ConsumerErrors'],
  ],
  ['one failure of two', { errors: new Map([['catalogue', { failed: 1, all: 2 }]]) }, []],
  ['a large record', { largestRecord: { topic: 't', bytes: 800 } }, ['RecordNearLimit']],
];
for (const [given, facts, expected] of cases) {
  test(given, () => assert.equal(namesOf(facts), expected));
}

test('a lost slot names what mends it', () => {
  const facts = { ...well, replication: { ...replication, slot: undefined } };
  assert.match(judge(facts, thresholds).conditions[0]?.mend ?? '', /make resync/);
});

test('failures are said in whole reports, as rates are not', () => {
  const facts = {
    ...well,
    errors: new Map([['catalogue', { failed: 4, all: 31.999999999999996 }]]),
  };
  assert.match(judge(facts, thresholds).conditions[0]?.says ?? '', '4 of 32 reports');
});

test('who gives no answer is not judged', () => {
  const facts = { ...well, connectors: undefined, replication: undefined, groups: undefined };
  const { conditions, unknown } = judge({ ...facts, deadLetters: undefined }, thresholds);
  assert.equal(conditions, []);
  assert.equal([...unknown].sort(), [
    'ConsumerLag',
    'ConsumerSilent',
    'DeadLetters',
    'NoHeartbeat',
    'SlotBudget',
    'SlotLost',
    'TaskFailed',
  ]);
});

test.run();
