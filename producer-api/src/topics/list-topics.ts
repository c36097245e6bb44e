import type { SubjectCatalog } from '@shelfcast/schemas/registry/transport';
import { isSystemTopic, valueSubject } from '@shelfcast/schemas/topics';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';

export interface ListedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  /** How long records are kept, in milliseconds; null: for ever. */
  readonly retentionMs: number | null;
  /** Whether events can be published to it. */
  readonly publishable: boolean;
  /** Whether it is the pipeline's own. */
  readonly system: boolean;
}

export interface TopicSources {
  readonly admin: Pick<KafkaAdmin, 'describeTopics' | 'topicConfigs'>;
  readonly registry: Pick<SubjectCatalog, 'subjects'>;
  readonly topicPrefix: string;
}

/** Topics by name, Kafka's own left out; all, or those named that exist. */
export async function listTopics(
  { admin, registry, topicPrefix }: TopicSources,
  names?: readonly string[],
): Promise<ListedTopic[]> {
  const [described, subjects] = await Promise.all([
    admin.describeTopics(names),
    registry.subjects().then((all) => new Set(all)),
  ]);
  const configs = await admin.topicConfigs(described.map(({ topic }) => topic));
  return described
    .map(({ topic, partitions }) => {
      const retention = Number(configs.get(topic)?.get('retention.ms') ?? -1);
      const system = isSystemTopic(topic, topicPrefix);
      return {
        name: topic,
        partitions: partitions.length,
        replicationFactor: partitions[0]?.replicas.length ?? 0,
        retentionMs: retention < 0 ? null : retention,
        publishable: !system && subjects.has(valueSubject(topic)),
        system,
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en'));
}
