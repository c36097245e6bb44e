import { KafkaError } from '../errors.ts';
import type { EnsuredTopic, TopicDescription, TopicSpec } from '../types.ts';

export interface DescribedConfig {
  readonly name: string;
  readonly value: string;
  /** Where the value comes from, by Kafka's numbering. */
  readonly source: number;
}

export interface TopicPlan {
  readonly create: readonly TopicSpec[];
  /** All configs the topic is to have: the request replaces what was set on the topic before. */
  readonly alter: readonly {
    readonly topic: string;
    readonly configs: Readonly<Record<string, string>>;
  }[];
  readonly outcome: EnsuredTopic[];
}

/** ConfigSource DYNAMIC_TOPIC_CONFIG: set on this topic, not inherited from the broker. */
const SET_ON_TOPIC = 1;

/** All that is to be set on a topic so that these configs are, and those set on it before stay. */
export function withConfigs(
  current: readonly DescribedConfig[],
  configs: Readonly<Record<string, string>>,
): Record<string, string> {
  const kept = current
    .filter(({ source }) => source === SET_ON_TOPIC)
    .map(({ name, value }) => [name, value] as const);
  return { ...Object.fromEntries(kept), ...configs };
}

/**
 * What has to be done so that the topics are as declared.
 *
 * @throws KafkaError TOPIC_MISMATCH naming every topic with another number of partitions
 */
export function planTopics(
  specs: readonly TopicSpec[],
  existing: readonly TopicDescription[],
  configs: ReadonlyMap<string, readonly DescribedConfig[]>,
): TopicPlan {
  const found = new Map(existing.map((description) => [description.topic, description]));
  const mismatches = specs.flatMap(({ topic, partitions }) => {
    const actual = found.get(topic)?.partitions.length;
    return actual === undefined || actual === partitions
      ? []
      : [`${topic} has ${actual} partitions instead of ${partitions}`];
  });
  if (mismatches.length > 0) {
    throw new KafkaError(
      `${mismatches.join('; ')}: changing the number would move keys to other partitions`,
      { code: 'TOPIC_MISMATCH', retriable: false },
    );
  }

  const create: TopicSpec[] = [];
  const alter: { topic: string; configs: Record<string, string> }[] = [];
  const outcome = specs.map((spec): EnsuredTopic => {
    const { topic } = spec;
    if (!found.has(topic)) {
      create.push(spec);
      return { topic, action: 'created', changed: {} };
    }
    const current = configs.get(topic) ?? [];
    const changed = Object.entries(spec.configs).flatMap(([name, to]) => {
      const from = current.find((config) => config.name === name)?.value ?? null;
      return from === to ? [] : [[name, { from, to }] as const];
    });
    if (changed.length === 0) return { topic, action: 'unchanged', changed: {} };
    alter.push({ topic, configs: withConfigs(current, spec.configs) });
    return { topic, action: 'altered', changed: Object.fromEntries(changed) };
  });
  return { create, alter, outcome };
}
