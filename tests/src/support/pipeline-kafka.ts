import { type Codec, createCodec } from '@shelfcast/schemas/codec';
import { DEFAULT_MAX_RECORD_BYTES } from '@shelfcast/schemas/limits';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { Kafka, KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';

/** CDC topics of the tables that the catalogue mirrors. */
export const CDC_TOPICS = ['products', 'product_discounts', 'countries'].map((table) =>
  cdcTopic({ schema: 'public', table }),
);

const PARTITIONS = 6;

export function kafkaAt(bootstrapServers: string): Kafka {
  return createKafka({
    connection: {
      bootstrapServers: bootstrapServers.split(','),
      maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
    },
    clientId: 'test',
    log: silentLogger(),
  });
}

export function codecAt(registryUrl: string): Codec {
  return createCodec({ registryUrl });
}

/** Makes topics of a test's own, as the pipeline's are: keyed by partition, in the broker's time. */
export async function makeTopics(
  admin: Pick<KafkaAdmin, 'ensureTopics'>,
  topics: readonly string[],
): Promise<void> {
  await admin.ensureTopics(
    topics.map((topic) => ({
      topic,
      partitions: PARTITIONS,
      replicationFactor: 1,
      configs: { 'message.timestamp.type': 'LogAppendTime' },
    })),
  );
}
