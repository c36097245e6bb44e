import type { PartitionSize, TopicSize } from '@shelfcast/schemas/monitor/topics';
import type { KafkaAdmin, Watermarks } from '@shelfcast/service-kit/kafka/types';

/** Topics that Kafka keeps for itself. */
const INTERNAL = '__';

/** How much each topic holds, by name. @throws {KafkaError} */
export async function readTopicSizes(
  admin: Pick<KafkaAdmin, 'listTopics' | 'watermarks'>,
): Promise<TopicSize[]> {
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith(INTERNAL)).sort();
  return await Promise.all(
    topics.map(async (topic) => sizeOf(topic, await admin.watermarks(topic))),
  );
}

function sizeOf(topic: string, marks: ReadonlyMap<number, Watermarks>): TopicSize {
  const partitions = [...marks]
    .sort(([a], [b]) => a - b)
    .map(
      ([partition, { low, high }]): PartitionSize => ({
        partition,
        firstOffset: String(low),
        endOffset: String(high),
        records: Number(high - low),
      }),
    );
  return { topic, records: partitions.reduce((sum, { records }) => sum + records, 0), partitions };
}
