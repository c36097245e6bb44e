import { CONNECTOR } from '@shelfcast/connect-config/context';
import { source } from '@shelfcast/connect-config/testing/facts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Facts, judge } from './judge.ts';

const thresholds = {
  ALERT_LAG_SECONDS: 30,
  ALERT_ERROR_PERCENT: 5,
  ALERT_DEAD_LETTERS: 1,
  ALERT_SLOT_BUDGET_PERCENT: 80,
  ALERT_HEARTBEAT_SECONDS: 30,
  ALERT_RECORD_PERCENT: 80,
};
const task = { id: 0, state: 'RUNNING', worker: 'w', failure: null };
const failure = { cause: 'boom', meaning: null, remedy: null, needsResync: false };
const running = { name: CONNECTOR, state: 'RUNNING', failure: null, tasks: [task] };
const group = { consumer: 'catalogue', members: 1, messages: 0n, lagMs: 0, oldest: undefined };
const well: Facts = {
  connectors: [running],
  source,
  slot: undefined,
  slotName: 'shelfcast',
  burnRate: undefined,
  groups: [group],
  deadLetters: new Map([['catalogue', 0]]),
  subscribers: [],
  errors: new Map([['catalogue', { failed: 0, all: 1_000 }]]),
  largestRecord: undefined,
  maxRecordBytes: 1_000,
};

const gone = { id: 'sub_1', gone: true, failed: 0 };

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
  ['a group without members', { groups: [{ ...group, members: 0 }] }, ['ConsumerSilent']],
  ['an old record', { groups: [{ ...group, messages: 1n, lagMs: 31_000 }] }, ['ConsumerLag']],
  ['a receiver that is gone', { subscribers: [gone] }, ['SubscriberFailing']],
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

test('a consumer that is behind names where its oldest record waits', () => {
  const oldest = { topic: 'pis.public.products', partition: 3 };
  const groups = [{ ...group, messages: 1n, lagMs: 31_000, oldest }];
  const [condition] = judge({ ...well, groups }, thresholds).conditions;
  assert.match(condition?.summary ?? '', '31 s behind in pis.public.products[3]; 1 records wait');
});

test('failures are said in whole reports, as rates are not', () => {
  const facts = {
    ...well,
    errors: new Map([['catalogue', { failed: 4, all: 31.999999999999996 }]]),
  };
  assert.match(judge(facts, thresholds).conditions[0]?.summary ?? '', '4 of 32 reports');
});

test('a subscriber that fails is told with what helps', () => {
  const subscribers = [gone, { id: 'sub_2', gone: false, failed: 3 }];
  assert.equal(
    judge({ ...well, subscribers }, thresholds).conditions.map(({ summary, remedy }) => [
      summary,
      remedy,
    ]),
    [
      [
        'The receiver of webhook subscriber sub_1 answered 410 Gone: it is told of nothing any more.',
        'make webhook-remove ID=sub_1   # or, when it is there again: make webhook-enable ID=sub_1',
      ],
      [
        '3 webhooks to sub_2 were given up: later events of their products wait.',
        'make webhook-redeliver ID=sub_2',
      ],
    ],
  );
});

test('who gives no answer is not judged, and told to give none', () => {
  const facts = {
    ...well,
    connectors: undefined,
    groups: undefined,
    deadLetters: undefined,
    subscribers: undefined,
  };
  const { conditions, unknown } = judge(facts, thresholds);
  assert.equal(
    conditions.map(({ name, subject }) => `${name} ${subject}`),
    ['Unreachable the consumers database'],
  );
  assert.equal([...unknown].sort(), [
    'ConsumerLag',
    'ConsumerSilent',
    'DeadLetters',
    'SubscriberFailing',
    'TaskFailed',
  ]);
});

test.run();
