import { few } from '@shelfcast/connect-config/health/remedies';
import { type Finding, note, ok, orOk, problem } from '@shelfcast/service-kit/finding';
import type { TopicSpec } from '@shelfcast/service-kit/kafka/types';
import type { KafkaFacts, TopicFacts } from '../facts/kafka.ts';

const DECLARE = 'make connector-register';

/** Settings that decide whether records are kept, and in which order their times are; sizes are checked apart. */
const KEPT = ['cleanup.policy', 'retention.ms', 'message.timestamp.type', 'min.insync.replicas'];

/** How topics are declared against how they are, and brokers that would make some of their own. */
export function checkTopics(
  { brokers, topics }: KafkaFacts,
  declared: readonly TopicSpec[],
): Finding[] {
  const existing = new Map(topics.map((topic) => [topic.topic, topic]));
  const different = declared.flatMap((spec) => {
    const topic = existing.get(spec.topic);
    return topic ? [...otherPartitions(spec, topic), ...otherSettings(spec, topic)] : [];
  });
  return [
    checkAutoCreate(brokers),
    ...orOk('topic-settings', different, 'Partitions and retention are as declared'),
    ...checkReplicas(topics),
  ];
}

function checkAutoCreate(brokers: KafkaFacts['brokers']): Finding {
  const on = [...brokers].filter(
    ([, configs]) => configs.get('auto.create.topics.enable') !== 'false',
  );
  if (on.length === 0) return ok('auto-create', 'Brokers create no topics by themselves');
  return problem(
    'auto-create',
    `auto.create.topics.enable is on (broker ${few(on.map(([id]) => `${id}`))}): a misspelt name becomes a topic.`,
    'make stop && make start',
  );
}

function otherPartitions(spec: TopicSpec, { topic, partitions }: TopicFacts): Finding[] {
  if (partitions === spec.partitions) return [];
  return [
    problem(
      'topic-settings',
      `Topic ${topic} has ${partitions} partitions, declared are ${spec.partitions}: keys and their order depend on the number.`,
      `TOPIC_PARTITIONS=${partitions} make start   # in .env; or make reset to start afresh`,
    ),
  ];
}

function otherSettings(spec: TopicSpec, { topic, configs }: TopicFacts): Finding[] {
  const different = KEPT.flatMap((name) => {
    const [wanted, actual] = [spec.configs[name], configs.get(name)];
    return wanted === undefined || wanted === actual ? [] : [`${name} is ${actual}, not ${wanted}`];
  });
  if (different.length === 0) return [];
  return [problem('topic-settings', `Topic ${topic}: ${different.join('; ')}.`, DECLARE)];
}

function checkReplicas(topics: readonly TopicFacts[]): Finding[] {
  const leaderless = topics.filter((topic) => topic.leaderless > 0).map(({ topic }) => topic);
  const behind = topics.filter((topic) => topic.underReplicated > 0).map(({ topic }) => topic);
  if (leaderless.length > 0) {
    const summary = `Partitions of ${few(leaderless)} have no leader: they can be neither read nor written.`;
    return [problem('replicas', summary, 'make status   # a broker is down')];
  }
  if (behind.length === 0) return [];
  const summary = `Partitions of ${few(behind)} have fewer copies in sync than they should.`;
  return [note('replicas', summary, 'make status   # a broker is down or catching up')];
}
