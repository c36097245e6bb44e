import { setTimeout as delay } from 'node:timers/promises';
import { partitionKey } from '@shelfcast/service-kit/kafka/partition-key';
import type { KafkaAdmin, PartitionLag, TopicSpec } from '@shelfcast/service-kit/kafka/types';

export type TopicFacts = {
  topic: string;
  partitions: number;
  /** Partitions without a leader: they can be neither written nor read. */
  leaderless: number;
  /** Partitions with fewer copies in sync than they should have. */
  underReplicated: number;
  /** Effective, defaults included. */
  configs: ReadonlyMap<string, string>;
};

export type GroupFacts = {
  group: string;
  members: number;
  /** Records written and not yet handled. */
  lag: bigint;
  /** Whether it handled any between two looks; undefined when it had nothing to do. */
  moved: boolean | undefined;
};

export type KafkaFacts = {
  /** Effective configuration per broker id. */
  brokers: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** Those of the declared topics that exist. */
  topics: TopicFacts[];
  groups: GroupFacts[];
};

/** How long a group with lag is watched. */
const WATCH_MS = 4_000;

/** Asks the brokers about the declared topics and the consumer groups. */
export async function kafkaFacts({
  admin,
  declared,
  groups: names,
}: {
  admin: KafkaAdmin;
  declared: readonly TopicSpec[];
  groups: readonly string[];
}): Promise<KafkaFacts> {
  const brokers = await admin.brokerConfigs();
  const topics = await readTopics(
    admin,
    declared.map(({ topic }) => topic),
  );
  const groups = await Promise.all(names.map((group) => readGroup(admin, group)));
  return { brokers, topics, groups };
}

async function readTopics(admin: KafkaAdmin, names: readonly string[]): Promise<TopicFacts[]> {
  const described = await admin.describeTopics(names);
  const configs = await admin.topicConfigs(described.map(({ topic }) => topic));
  return described.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.length,
    leaderless: partitions.filter(({ leader }) => leader < 0).length,
    underReplicated: partitions.filter(
      ({ replicas, inSyncReplicas }) => inSyncReplicas.length < replicas.length,
    ).length,
    configs: configs.get(topic) ?? new Map(),
  }));
}

async function readGroup(admin: KafkaAdmin, group: string): Promise<GroupFacts> {
  const members = (await admin.groupMembers(group)).length;
  const before = await admin.groupLag(group);
  const lag = total(before);
  if (lag === 0n || members === 0) return { group, members, lag, moved: undefined };
  await delay(WATCH_MS);
  const after = await admin.groupLag(group);
  return {
    group,
    members,
    lag: total(after),
    moved: total(after) === 0n || hasMoved(before, after),
  };
}

function total(lags: readonly PartitionLag[]): bigint {
  return lags.reduce((sum, { messages }) => sum + messages, 0n);
}

/** Whether the group has committed further anywhere. The lag alone may grow while it works. */
function hasMoved(before: readonly PartitionLag[], after: readonly PartitionLag[]): boolean {
  const positions = new Map(before.map((lag) => [partitionKey(lag), lag.current]));
  return after.some((lag) => (lag.current ?? -1n) > (positions.get(partitionKey(lag)) ?? -1n));
}
