import type { SubjectCatalog } from '@shelfcast/schemas/registry/transport';
import { isSystemTopic, valueSubject } from '@shelfcast/schemas/topics';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { SchemaError } from '../contract/parse-shape.ts';
import type { ContractCache, TopicContract } from '../topics/contract-cache.ts';

export interface PublishableSources {
  readonly admin: Pick<KafkaAdmin, 'listTopics'>;
  readonly registry: Pick<SubjectCatalog, 'subjects'>;
  readonly contracts: Pick<ContractCache, 'find'>;
  readonly topicPrefix: string;
}

/** The contracts of all topics that events can be published to, by topic. */
export async function publishableContracts(options: PublishableSources): Promise<TopicContract[]> {
  const { admin, registry, contracts, topicPrefix } = options;
  const [topics, subjects] = await Promise.all([
    admin.listTopics(),
    registry.subjects().then((all) => new Set(all)),
  ]);
  const names = topics
    .filter((topic) => !isSystemTopic(topic, topicPrefix) && subjects.has(valueSubject(topic)))
    .sort();
  const found = await Promise.all(
    names.map(async (topic) => {
      try {
        return await contracts.find(topic);
      } catch (error) {
        if (error instanceof SchemaError) return undefined; // not for us to publish to
        throw error;
      }
    }),
  );
  return found.filter((contract) => contract !== undefined);
}
