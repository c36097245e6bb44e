import type { ConsumeOptions } from '@shelfcast/consumers/internals/runtime/batch/parts';
import { consume, type RunningConsumer } from '@shelfcast/consumers/internals/runtime/consume';
import { createConsumerMetrics } from '@shelfcast/consumers/internals/runtime/reports/metrics';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { Registry } from 'prom-client';

/** Runs a consumer beside those of the pipeline: in a group of its own, silent, and failing the test on what is fatal. */
export function consumeInGroup<Effect>(
  groupId: string,
  options: Pick<
    ConsumeOptions<Effect>,
    'definition' | 'kafka' | 'pool' | 'codec' | 'publisher' | 'encodeReport' | 'topicPrefix'
  >,
): Promise<RunningConsumer> {
  return consume({
    ...options,
    kafka: inGroup(options.kafka, groupId),
    metrics: createConsumerMetrics(new Registry()),
    instance: 'local',
    log: silentLogger(),
    onFatal: (error) => {
      throw error;
    },
  });
}

/** A consumer's group is its name; this lets a second one read beside the first. */
function inGroup(kafka: Kafka, groupId: string): Kafka {
  return {
    ...kafka,
    createConsumer: (options) => kafka.createConsumer({ ...options, groupId }),
  };
}
