import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type ITopicMetadata } from 'kafkajs';
import { settlesWithin, within } from '../../deadline.ts';
import type { Logger } from '../../process/logging.ts';
import { toKafkaError } from '../client/classify-error.ts';
import { type Client, createClient } from '../client/client.ts';
import { KafkaError } from '../errors.ts';
import type { ShareFetches } from '../sharing/share-fetches.ts';
import type {
  GroupOffset,
  KafkaAdmin,
  KafkaConnection,
  PartitionLag,
  TopicDescription,
  TopicPartition,
  Watermarks,
} from '../types.ts';
import { groupsReading, topicsReadBy } from './groups-reading.ts';
import { type DescribedConfig, planTopics, withConfigs } from './plan-topics.ts';
import { setGroupOffsets } from './set-group-offsets.ts';

export interface ClientContext {
  readonly connection: KafkaConnection;
  readonly clientId: string;
  readonly log: Logger;
  /** Where consumers share their fetches. */
  readonly shareFetches?: ShareFetches;
}

/** Time a call may take, retries included. */
const CALL_TIMEOUT_MS = 10_000;
const RETRY_PAUSE_MS = 200;
const DISCONNECT_TIMEOUT_MS = 2_000;
// Not among the names that Node finds in this CommonJS module.
const { ConfigResourceTypes } = kafkajs;
const INTERNAL_TOPIC = /^__/;

/** See `Kafka.createAdmin`. */
export function createAdmin(context: ClientContext): KafkaAdmin {
  let client: { readonly base: Client; readonly admin: Admin } | undefined;
  let closed = false;

  async function connected(): Promise<Admin> {
    if (client !== undefined) return client.admin;
    const base = createClient({ ...context, retries: 2 });
    const admin = base.kafkajs.admin();
    client = { base, admin };
    await admin.connect();
    return admin;
  }

  function drop(): void {
    client?.base.fence();
    client = undefined;
  }

  /**
   * Calls with a fresh client after each transient failure: a kafkajs admin client fails for ever
   * once a topic it was asked about is deleted, and now and then while a broker is away.
   */
  async function call<T>(request: (admin: Admin) => Promise<T>): Promise<T> {
    const deadlineMs = performance.now() + CALL_TIMEOUT_MS;
    for (;;) {
      if (closed) throw new KafkaError('the admin client was closed', CLOSED);
      try {
        return await within(connected().then(request), deadlineMs - performance.now(), noAnswer);
      } catch (error) {
        drop();
        const known = toKafkaError(error);
        // kafkajs destructures an answer that it did not get.
        const retriable = known.retriable || error instanceof TypeError;
        if (!retriable || performance.now() + RETRY_PAUSE_MS > deadlineMs) throw known;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }

  function noAnswer(): KafkaError {
    const problem = client?.base.lastProblem();
    return new KafkaError(`the brokers did not answer in time${problem ? `: ${problem}` : ''}`, {
      code: 'UNAVAILABLE',
      retriable: true,
    });
  }

  async function allTopics(): Promise<ITopicMetadata[]> {
    const { topics } = await call((admin) => admin.fetchTopicMetadata());
    return topics;
  }

  /** Without Kafka's own, and what else is named like them. */
  async function ordinaryTopics(): Promise<ITopicMetadata[]> {
    return (await allTopics()).filter(({ name }) => !INTERNAL_TOPIC.test(name));
  }

  async function describeConfigs(
    type: kafkajs.ConfigResourceTypes,
    names: readonly string[],
  ): Promise<Map<string, DescribedConfig[]>> {
    if (names.length === 0) return new Map();
    const resources = names.map((name) => ({ type, name }));
    const answer = await call((admin) =>
      admin.describeConfigs({ resources, includeSynonyms: false }),
    );
    return new Map(
      answer.resources.map((resource) => [
        resource.resourceName,
        resource.configEntries.map(({ configName, configValue, configSource }) => ({
          name: configName,
          value: configValue,
          source: configSource,
        })),
      ]),
    );
  }

  async function describeTopics(wanted?: readonly string[]): Promise<TopicDescription[]> {
    const topics =
      wanted === undefined
        ? await ordinaryTopics()
        : (await allTopics()).filter(({ name }) => wanted.includes(name));
    return topics.map(({ name, partitions }) => ({
      topic: name,
      partitions: partitions
        .map(({ partitionId, leader, replicas, isr }) => ({
          partition: partitionId,
          leader,
          replicas,
          inSyncReplicas: isr,
        }))
        .sort((a, b) => a.partition - b.partition),
    }));
  }

  async function watermarks(topic: string): Promise<Map<number, Watermarks>> {
    const offsets = await call((admin) => admin.fetchTopicOffsets(topic));
    return new Map(
      offsets.map(({ partition, low, high }) => [
        partition,
        { low: BigInt(low), high: BigInt(high) },
      ]),
    );
  }

  async function groupOffsets(groupId: string, topics?: readonly string[]): Promise<GroupOffset[]> {
    const answer = await call((admin) =>
      admin.fetchOffsets(topics === undefined ? { groupId } : { groupId, topics: [...topics] }),
    );
    return answer.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => {
        const committed = BigInt(offset);
        return { topic, partition, offset: committed < 0n ? null : committed };
      }),
    );
  }

  return {
    async listTopics() {
      return (await ordinaryTopics()).map(({ name }) => name);
    },
    describeTopics,
    async topicConfigs(topics) {
      return valuesByName(await describeConfigs(ConfigResourceTypes.TOPIC, topics));
    },
    async brokerConfigs() {
      const { brokers } = await call((admin) => admin.describeCluster());
      const ids = brokers.map(({ nodeId }) => String(nodeId));
      const configs = valuesByName(await describeConfigs(ConfigResourceTypes.BROKER, ids));
      return new Map([...configs].map(([id, values]) => [Number(id), values]));
    },
    async ensureTopics(specs) {
      const names = specs.map(({ topic }) => topic);
      const existing = await describeTopics(names);
      const configs = await describeConfigs(
        ConfigResourceTypes.TOPIC,
        existing.map(({ topic }) => topic),
      );
      const plan = planTopics(specs, existing, configs);
      if (plan.create.length > 0) {
        const topics = plan.create.map(({ topic, partitions, replicationFactor, configs }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor,
          configEntries: toEntries(configs),
        }));
        await call((admin) => admin.createTopics({ topics, waitForLeaders: true }));
      }
      if (plan.alter.length > 0) {
        const resources = plan.alter.map(({ topic, configs }) => ({
          type: ConfigResourceTypes.TOPIC,
          name: topic,
          configEntries: toEntries(configs),
        }));
        await call((admin) => admin.alterConfigs({ validateOnly: false, resources }));
      }
      return plan.outcome;
    },
    async createTopic({ topic, partitions, replicationFactor, configs }) {
      const spec = {
        topic,
        numPartitions: partitions,
        replicationFactor,
        configEntries: toEntries(configs),
      };
      const made = await call((admin) =>
        admin.createTopics({ topics: [spec], waitForLeaders: true }),
      );
      if (!made) {
        throw new KafkaError(`topic ${topic} exists already`, {
          code: 'TOPIC_EXISTS',
          retriable: false,
          topic,
        });
      }
    },
    async alterTopicConfigs(topic, configs) {
      const known = await describeConfigs(ConfigResourceTypes.TOPIC, [topic]);
      const configEntries = toEntries(withConfigs(known.get(topic) ?? [], configs));
      const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }];
      await call((admin) => admin.alterConfigs({ validateOnly: false, resources }));
    },
    async addPartitions(topic, partitions) {
      const topicPartitions = [{ topic, count: partitions }];
      await call((admin) => admin.createPartitions({ topicPartitions }));
    },
    groupsReading: (topic) => call((admin) => groupsReading(admin, topic)),
    topicsReadBy: (groupIds) => call((admin) => topicsReadBy(admin, groupIds)),
    async deleteTopics(topics) {
      const existing = (await allTopics()).map(({ name }) => name);
      const present = topics.filter((topic) => existing.includes(topic));
      if (present.length === 0) return;
      await call((admin) => admin.deleteTopics({ topics: present }));
    },
    watermarks,
    async highWatermarks(topic) {
      return new Map([...(await watermarks(topic))].map(([id, { high }]) => [id, high]));
    },
    groupOffsets,
    async groupLag(groupId, topics) {
      const offsets = await groupOffsets(groupId, topics);
      const lags: PartitionLag[] = [];
      for (const topic of new Set(offsets.map((entry) => entry.topic))) {
        for (const [partition, marks] of await watermarks(topic)) {
          const committed = offsets.find(
            (entry) => entry.topic === topic && entry.partition === partition,
          );
          lags.push(lagOf({ topic, partition }, committed?.offset ?? null, marks));
        }
      }
      return lags;
    },
    setGroupOffsets: (groupId, offsets) => setGroupOffsets(context, groupId, offsets),
    async deleteGroup(groupId) {
      const { groups } = await call((admin) => admin.listGroups());
      if (!groups.some((group) => group.groupId === groupId)) return;
      await call((admin) => admin.deleteGroups([groupId]));
    },
    async groupMembers(groupId) {
      const { groups } = await call((admin) => admin.describeGroups([groupId]));
      return groups.flatMap(({ members }) =>
        members.map(({ memberId, clientId, clientHost }) => ({
          memberId,
          clientId,
          host: clientHost,
        })),
      );
    },
    async close() {
      closed = true;
      const last = client;
      client = undefined;
      if (last !== undefined) await settlesWithin(last.admin.disconnect(), DISCONNECT_TIMEOUT_MS);
      last?.base.fence();
    },
  };
}

const CLOSED = { code: 'CLOSED', retriable: false } as const;

/** Records not yet handled; a group that committed nothing starts at the oldest. */
export function lagOf(
  place: TopicPartition,
  current: bigint | null,
  { low, high }: Watermarks,
): PartitionLag {
  const next = current === null || current < low ? low : current;
  return { ...place, current, high, messages: high > next ? high - next : 0n };
}

function valuesByName(
  configs: ReadonlyMap<string, readonly DescribedConfig[]>,
): Map<string, Map<string, string>> {
  return new Map(
    [...configs].map(([resource, entries]) => [
      resource,
      new Map(entries.map(({ name, value }) => [name, value])),
    ]),
  );
}

function toEntries(configs: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(configs).map(([name, value]) => ({ name, value }));
}
