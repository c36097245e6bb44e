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
      summary: /country has 1 partitions, declared are 6/,
      remedy: /TOPIC_PARTITIONS=1/,
    },
  ],
  [
    'other retention',
    configured('monitoring', 'retention.ms', '1000'),
    {
      check: 'topic-settings',
      level: 'problem',
      summary: /retention\.ms is 1000, not 604800000/,
      remedy: /make connector-register/,
    },
  ],
  [
    'compacted',
    configured('country', 'cleanup.policy', 'compact'),
    {
      check: 'topic-settings',
      level: 'problem',
      summary: /cleanup\.policy is compact, not delete/,
    },
  ],
  [
    'the producers’ clocks',
    configured('country', 'message.timestamp.type', 'CreateTime'),
    {
      check: 'topic-settings',
      level: 'problem',
      summary: /message\.timestamp\.type is CreateTime, not LogAppendTime/,
    },
  ],
  [
    'brokers that make topics',
    { brokers: new Map([[2, new Map([['auto.create.topics.enable', 'true']])]]) },
    {
      check: 'auto-create',
      level: 'problem',
      summary: /is on \(broker 2\)/,
      remedy: /make stop && make start/,
    },
  ],
  [
    'a partition without a leader',
    changed('country', (topic) => ({ ...topic, leaderless: 1 })),
    { check: 'replicas', level: 'problem', summary: /country have no leader/ },
  ],
  [
    'a copy that is behind',
    changed('country', (topic) => ({ ...topic, underReplicated: 2 })),
    { check: 'replicas', level: 'note', summary: /fewer copies/ },
  ],
];

for (const [given, facts, expected] of cases) {
  test(given, () => assertFinding(checkTopics({ ...kafka, ...facts }, declared), expected));
}

test.run();
