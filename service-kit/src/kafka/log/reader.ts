import type { Cluster } from 'kafkajs/src/cluster/index.js';
import Batch from 'kafkajs/src/consumer/batch.js';
import type { ClientContext } from '../admin/admin.ts';
import { toKafkaError } from '../client/classify-error.ts';
import { type Client, createClient } from '../client/client.ts';
import { toFetchedRecords } from '../consumer/to-batch.ts';
import { KafkaError } from '../errors.ts';
import type { FetchedPartition, LogReader, ReadRequest } from '../types.ts';

/** A reader, and what following a topic needs besides. */
export interface BrokerLogReader extends LogReader {
  /** The partitions that each broker leads, by its id. As kafkajs last heard, which is at most 30 s ago. */
  leaders(topic: string, partitions: readonly number[]): Promise<Map<string, readonly number[]>>;
  /** How many partitions the topic has, as far as kafkajs has heard. */
  partitionsOf(topic: string): Promise<number[]>;
  /** As `read`, for partitions that this broker leads. */
  readFrom(nodeId: string, request: ReadRequest): Promise<FetchedPartition[]>;
}

const READ_COMMITTED = 1;
const DEFAULT_WAIT_MS = 100;
const DEFAULT_PARTITION_BYTES = 1024 * 1024;
const DEFAULT_BYTES = 8 * 1024 * 1024;
/** Brokers answer a read after its wait at the latest. */
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSED = { code: 'CLOSED', retriable: false } as const;

/** See `Kafka.createLogReader`. */
export function createLogReader(context: ClientContext): BrokerLogReader {
  let current: { readonly client: Client; readonly cluster: Cluster } | undefined;
  let closed = false;

  async function clusterFor(topic: string): Promise<Cluster> {
    if (closed) throw new KafkaError('the reader was closed', CLOSED);
    if (current === undefined) {
      const client = createClient({ ...context, retries: 2, requestTimeoutMs: REQUEST_TIMEOUT_MS });
      current = { client, cluster: client.newCluster() };
    }
    const { cluster } = current;
    await cluster.connect();
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
    return cluster;
  }

  /** After a failure everything is looked up again: leaders may have moved, topics been recreated. */
  async function attempt<T>(topic: string, work: (cluster: Cluster) => Promise<T>): Promise<T> {
    let cluster: Cluster | undefined;
    try {
      cluster = await clusterFor(topic);
      return await work(cluster);
    } catch (error) {
      const known = toKafkaError(error, topic);
      const isOurs = cluster === undefined || cluster === current?.cluster;
      if (known.code !== 'OFFSET_OUT_OF_RANGE' && isOurs) drop();
      throw known;
    }
  }

  function drop(): void {
    current?.client.fence();
    current = undefined;
  }

  const leaders = (topic: string, partitions: readonly number[]) =>
    attempt(
      topic,
      async (cluster) =>
        new Map(Object.entries(cluster.findLeaderForPartitions(topic, partitions))),
    );

  const readFrom = (nodeId: string, request: ReadRequest) =>
    attempt(request.topic, (cluster) => fetchFrom(cluster, nodeId, request));

  return {
    leaders,
    partitionsOf: (topic) =>
      attempt(topic, async (cluster) =>
        cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId),
      ),
    readFrom,
    async read(request) {
      const { topic, from } = request;
      const parts = [...(await leaders(topic, [...from.keys()]))].map(([nodeId, partitions]) =>
        readFrom(nodeId, { ...request, from: only(from, partitions) }),
      );
      return (await Promise.all(parts)).flat();
    },
    close() {
      closed = true;
      drop();
    },
  };
}

async function fetchFrom(
  cluster: Cluster,
  nodeId: string,
  { topic, from, ...limits }: ReadRequest,
): Promise<FetchedPartition[]> {
  const broker = await cluster.findBroker({ nodeId });
  const maxPartitionBytes = limits.maxPartitionBytes ?? DEFAULT_PARTITION_BYTES;
  const { responses } = await broker.fetch({
    isolationLevel: READ_COMMITTED,
    maxWaitTime: limits.maxWaitMs ?? DEFAULT_WAIT_MS,
    minBytes: 1,
    maxBytes: limits.maxBytes ?? DEFAULT_BYTES,
    topics: [
      {
        topic,
        partitions: [...from].map(([partition, offset]) => ({
          partition,
          fetchOffset: String(offset),
          maxBytes: maxPartitionBytes,
        })),
      },
    ],
  });
  return responses.flatMap(({ partitions }) =>
    partitions.flatMap((data) => {
      const offset = from.get(data.partition);
      // A fetch names every partition it was asked for, with records or without.
      if (offset === undefined || data.messages.length === 0) return [];
      const batch = new Batch(topic, String(offset), data);
      return [{ partition: data.partition, ...toFetchedRecords(batch) }];
    }),
  );
}

function only(
  from: ReadonlyMap<number, bigint>,
  partitions: readonly number[],
): Map<number, bigint> {
  return new Map([...from].filter(([partition]) => partitions.includes(partition)));
}
