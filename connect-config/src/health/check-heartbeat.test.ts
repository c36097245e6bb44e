import { assertFinding, type Expected } from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import { checkHeartbeat, type HeartbeatFacts } from './check-heartbeat.ts';

const test = suite('health: heartbeat');

const sound: HeartbeatFacts = {
  writtenAgeMs: 2_000,
  arrivals: { heartbeatAgeMs: 2_100, changeAgeMs: undefined },
  presence: 'running',
  topicPrefix: 'pis',
  missingTopics: [],
};
const stale = { heartbeatAgeMs: 20_000, changeAgeMs: undefined };

const cases: [string, Partial<HeartbeatFacts>, Omit<Expected, 'check'>][] = [
  ['one that arrives', {}, { level: 'ok', summary: /arrived in Kafka 2 s ago/ }],
  [
    'one that is written and does not arrive: nothing flows, although the database looks fine',
    { arrivals: stale },
    {
      level: 'problem',
      summary: /20 s ago, though .* no change arrives/,
      remedy: /^make connector-restart$/,
    },
  ],
  [
    'one that waits behind a record for a topic that is missing',
    { arrivals: stale, missingTopics: ['pis.public.orders'] },
    {
      level: 'problem',
      summary: /no topic pis\.public\.orders/,
      remedy: /^make connector-register$/,
    },
  ],
  [
    'one that never arrived',
    { arrivals: { heartbeatAgeMs: undefined, changeAgeMs: undefined } },
    {
      level: 'problem',
      summary: /No heartbeat has arrived in Kafka \(pis\.shelfcast\.heartbeat\)/,
    },
  ],
  [
    'one behind many changes, which arrive',
    { arrivals: { heartbeatAgeMs: 20_000, changeAgeMs: 100 } },
    { level: 'note', summary: /changes arrive/ },
  ],
  [
    'an age of one’s own from which it is late',
    { arrivals: stale, lateMs: 30_000 },
    { level: 'ok', summary: /20 s ago/ },
  ],
  [
    'one that is not written',
    { writtenAgeMs: 95_000 },
    {
      level: 'problem',
      summary: /wrote the heartbeat 1 min 35 s ago/,
      remedy: /connector-restart/,
    },
  ],
  [
    'one of a paused connector',
    { writtenAgeMs: 95_000, arrivals: stale, presence: 'not running' },
    { level: 'note', summary: /does not run/ },
  ],
  [
    'one that lost its row',
    { writtenAgeMs: undefined },
    { level: 'problem', summary: /lost its row/, remedy: /insert into shelfcast\.heartbeat/ },
  ],
  [
    'Kafka that does not answer',
    { arrivals: undefined },
    { level: 'note', summary: /not be asked/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () =>
    assertFinding([checkHeartbeat({ ...sound, ...facts })], { check: 'heartbeat', ...expected }),
  );
}

test.run();
