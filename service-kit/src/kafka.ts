import { type ClientContext, createAdmin } from './kafka/admin/admin.ts';
import { createConsumer } from './kafka/consumer/consumer.ts';
import { followTopic } from './kafka/log/follower.ts';
import { createLogReader } from './kafka/log/reader.ts';
import { createProducer } from './kafka/producer/producer.ts';
import { createFetchSharing } from './kafka/sharing/share-fetches.ts';
import type { Kafka, KafkaConnection } from './kafka/types.ts';
import type { Logger } from './process/logging.ts';

export interface KafkaOptions {
  readonly connection: KafkaConnection;
  /** Shown by the brokers; `<service>-<instance>` by custom. */
  readonly clientId: string;
  readonly log: Logger;
  /** Consumers that read the same records at the same time fetch them once (default: each by itself). */
  readonly shareFetches?: boolean;
}

/**
 * The way to Kafka for every part of Shelfcast. What each client promises stands with its type in
 * `kafka/types.ts`; which library does it, and what is wrong with it, stays behind this port.
 */
export function createKafka({ connection, clientId, log, shareFetches }: KafkaOptions): Kafka {
  const context: ClientContext = {
    connection,
    clientId,
    log,
    ...(shareFetches === true ? { shareFetches: createFetchSharing() } : {}),
  };
  return {
    createProducer: (options) => createProducer(context, options),
    createConsumer: (options) => createConsumer(context, options),
    createAdmin: () => createAdmin(context),
    createLogReader: () => createLogReader(context),
    followTopic: (options) => followTopic(context, options),
  };
}
