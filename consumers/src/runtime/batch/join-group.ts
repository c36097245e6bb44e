import type { KafkaConsumer } from '@shelfcast/service-kit/kafka/types';
import { createSerialQueue } from '@shelfcast/service-kit/serial-queue';
import { createFailureReports } from '../reports/failures.ts';
import { createBatchHandler } from './handle-batch.ts';
import type { ConsumeOptions, Parts } from './parts.ts';

/** Of one partition, in one fetch, and waiting behind it: some hundred changes. */
const FETCH_BYTES_PER_PARTITION = 256 * 1024;

/** Begins to read: the group has the consumer's name. */
export async function joinGroup<Effect>(
  { definition, kafka, metrics, alone = createSerialQueue(), onFatal, log }: ConsumeOptions<Effect>,
  parts: Parts<Effect>,
): Promise<KafkaConsumer> {
  const { topics, reports, publisher, reporting, applying } = parts;
  const { reporter } = reporting;
  return await kafka.createConsumer({
    groupId: definition.name,
    topics,
    maxPartitionBytes: FETCH_BYTES_PER_PARTITION,
    onBatch: createBatchHandler({ ...parts, reporter, metrics, alone }),
    beforeCommit: () => reports.acknowledged(),
    ...createFailureReports({ reporter, publisher, metrics, nowMs: applying.nowMs, log }),
    onFatal,
  });
}
