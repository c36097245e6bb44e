// The inner classes of kafkajs 2.2.4 (pinned) that are repaired or used here. kafkajs has no types for them.

declare module 'kafkajs/src/network/requestQueue/index.js' {
  class RequestQueue {
    pending: unknown[];
    /** By correlation id, the oldest first. */
    inflight: Map<number, unknown>;
    throttledUntil: number;
    throttleCheckTimeoutId: NodeJS.Timeout | null;
    checkPendingRequests(): void;
    scheduleCheckPendingRequests(): void;
  }
  export default RequestQueue;
}

declare module 'kafkajs/src/network/connection.js' {
  import type { Socket } from 'node:net';
  import type RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

  class Connection {
    socket: Socket | undefined;
    requestQueue: RequestQueue;
    /** Of an answer that has not come whole yet. */
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    connect(): Promise<boolean>;
    disconnect(): Promise<boolean>;
    send(request: unknown): Promise<unknown>;
  }
  export default Connection;
}

declare module 'kafkajs/src/broker/index.js' {
  import type { KafkaMessage } from 'kafkajs';

  export interface FetchedPartition {
    readonly partition: number;
    readonly highWatermark: string;
    readonly messages: readonly KafkaMessage[];
    readonly abortedTransactions: readonly unknown[];
  }

  export interface FetchResponse {
    /** Of the whole request; 0: none. */
    readonly errorCode: number;
    readonly sessionId: number;
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly FetchedPartition[];
    }[];
  }

  /** Builds a request of the newest version that both sides know. */
  export type LookupRequest = (
    apiKey: number,
    definition: unknown,
  ) => (fields: Readonly<Record<string, unknown>>) => unknown;

  export interface FetchRequest {
    readonly isolationLevel: number;
    /** Milliseconds. */
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly {
        readonly partition: number;
        readonly fetchOffset: string;
        readonly maxBytes: number;
      }[];
    }[];
  }

  class Broker {
    lookupRequest: LookupRequest;
    isConnected(): boolean;
    fetch(request: FetchRequest): Promise<FetchResponse>;
  }
  export default Broker;
}

declare module 'kafkajs/src/cluster/index.js' {
  import type { KafkaConfig, Logger } from 'kafkajs';
  import type Broker from 'kafkajs/src/broker/index.js';

  class Cluster {
    constructor(
      options: KafkaConfig & {
        readonly logger: Logger;
        readonly metadataMaxAge: number;
        readonly allowAutoTopicCreation: boolean;
      },
    );
    connect(): Promise<void>;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    findBroker(options: { nodeId: string }): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): { readonly partitionId: number }[];
    /** Partitions by the id of the broker that leads them. */
    findLeaderForPartitions(
      topic: string,
      partitions: readonly number[],
    ): Record<string, readonly number[]>;
    /** Tries again while the brokers elect one. */
    findGroupCoordinator(options: { groupId: string }): Promise<Broker>;
  }

  export type { Cluster };
  export default Cluster;
}

declare module 'kafkajs/src/consumer/batch.js' {
  import type { Batch } from 'kafkajs';
  import type { FetchedPartition } from 'kafkajs/src/broker/index.js';

  /** What was fetched of one partition, without control records and what was aborted. */
  const FetchedBatch: new (
    topic: string,
    fetchedOffset: string,
    partitionData: FetchedPartition,
  ) => Batch;
  export default FetchedBatch;
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  import type Broker from 'kafkajs/src/broker/index.js';
  import type Cluster from 'kafkajs/src/cluster/index.js';

  interface Batch {
    readonly rawMessages: readonly unknown[];
  }

  class ConsumerGroup {
    cluster: Cluster;
    groupId: string;
    coordinator: Broker;
    /** Another one with each assignment. */
    offsetManager: object;
    heartbeat(options: { interval: number }): Promise<void>;
    fetch(nodeId: number): Promise<Batch[]>;
  }
  export default ConsumerGroup;
}

declare module 'kafkajs/src/consumer/offsetManager/index.js' {
  import type Broker from 'kafkajs/src/broker/index.js';
  import type Cluster from 'kafkajs/src/cluster/index.js';

  class OffsetManager {
    cluster: Cluster;
    groupId: string;
    coordinator: Broker;
    getCoordinator(): Promise<Broker>;
  }
  export default OffsetManager;
}
