import {
  assertAllOk,
  assertFinding,
  type Expected,
} from '@shelfcast/service-kit/testing/expect-finding';
import { suite } from 'uvu';
import type { KafkaFacts, TopicFacts } from '../facts/kafka.ts';
import { declared, kafka } from '../testing/facts.ts';
import { checkTopics } from './topics.ts';

const test = suite('doctor: topics');

test('topics as declared', () => assertAllOk(checkTopics(kafka, declared)));

/** The facts with one topic changed. */
function changed(name: string, change: (topic: TopicFacts) => TopicFacts): Partial<KafkaFacts> {
  return { topics: kafka.topics.map((topic) => (topic.topic === name ? change(topic) : topic)) };
}

function configured(name: string, config: string, value: string): Partial<KafkaFacts> {
  return changed(name, (topic) => ({
    ...topic,
    configs: new Map([...topic.configs, [config, value]]),
  }));
}

const cases: [string, Partial<KafkaFacts>, Expected][] = [
  [
    'other partitions, which no command may change',
    changed('country', (topic) => ({ ...topic, partitions: 1 })),
    {
      check: 'topic-settings',
      level: 'problem',
      says: /country has 1 partitions, declared are 6/,
      mend: /TOPIC_PARTITIONS=1/,
    },
  ],
  [
    'other retention',
    configured('monitoring', 'retention.ms', '1000'),
    {
      check: 'topic-settings',
      level: 'problem',
      says: /retention\.ms is 1000, not 604800000/,
      mend: /make connector-register/,
    },
  ],
  [
    'compacted',
    configured('country', 'cleanup.policy', 'compact'),
    { check: 'topic-settings', level: 'problem', says: /cleanup\.policy is compact, not delete/ },
  ],
  [
    'the producers’ clocks',
    configured('country', 'message.timestamp.type', 'CreateTime'),
    {
      check: 'topic-settings',
      level: 'problem',
      says: /message\.timestamp\.type is CreateTime, not LogAppendTime/,
    },
  ],
  [
    'brokers that make topics',
    { brokers: new Map([[2, new Map([['auto.create.topics.enable', 'true']])]]) },
    {
      check: 'auto-create',
      level: 'problem',
      says: /is on \(broker 2\)/,
      mend: /make stop && make start/,
    },
  ],
  [
    'a partition without a leader',
    changed('country', (topic) => ({ ...topic, leaderless: 1 })),
    { check: 'replicas', level: 'problem', says: /country have no leader/ },
  ],
  [
    'a copy that is behind',
    changed('country', (topic) => ({ ...topic, underReplicated: 2 })),
    { check: 'replicas', level: 'note', says: /fewer copies/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkTopics({ ...kafka, ...facts }, declared), expected));
}

test.run();
