import { isDeepStrictEqual } from 'node:util';
import { CodecError } from '@shelfcast/schemas/errors';
import type {
  SchemaRegistryTransport,
  SubjectCatalog,
} from '@shelfcast/schemas/registry/transport';
import { isManualTopic, isSystemTopic, valueSubject } from '@shelfcast/schemas/topics';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import {
  COMPATIBILITIES,
  type CompatibilityLevel,
  incompatibilities,
} from '../contract/compatibility.ts';
import { parseShape } from '../contract/parse-shape.ts';
import type { ContractCache } from './contract-cache.ts';
import type { ListedTopic } from './list-topics.ts';

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly retentionMs: number;
  /** Avro schema as JSON text. */
  readonly schemaText: string;
  readonly compatibility: CompatibilityLevel;
}

export interface TopicChange {
  readonly partitions?: number | undefined;
  readonly retentionMs?: number | undefined;
  readonly compatibility?: CompatibilityLevel | undefined;
}

export interface TopicsAdminOptions {
  readonly admin: Pick<
    KafkaAdmin,
    | 'addPartitions'
    | 'alterTopicConfigs'
    | 'createTopic'
    | 'deleteTopics'
    | 'describeTopics'
    | 'groupsReading'
    | 'listTopics'
  >;
  readonly registry: Pick<
    SchemaRegistryTransport,
    'compatibility' | 'register' | 'setCompatibility'
  > &
    Pick<SubjectCatalog, 'latest'>;
  readonly contracts: Pick<ContractCache, 'forget'>;
  readonly topicPrefix: string;
  readonly maxRecordBytes: number;
  readonly replicationFactor: number;
}

/** Makes, changes and removes topics and their schemas. All reject with a Problem, KafkaError or CodecError. */
export interface TopicsAdmin {
  /** @returns the topic as it was made: a broker may not tell of it yet */
  create(topic: NewTopic): Promise<ListedTopic>;
  change(name: string, change: TopicChange): Promise<void>;
  remove(name: string): Promise<void>;
  /** @returns the new version's number; that of the present one when nothing changed */
  changeSchema(name: string, schemaText: string): Promise<number>;
}

const MIN_RETENTION_OF_READ_MS = 3_600_000;

export function createTopicsAdmin(options: TopicsAdminOptions): TopicsAdmin {
  const { admin, registry, contracts, topicPrefix, maxRecordBytes, replicationFactor } = options;

  async function existing(name: string): Promise<number> {
    const [topic] = await admin.describeTopics([name]);
    if (topic === undefined) throw new Problem('unknown-topic', `There is no topic ${name}`);
    return topic.partitions.length;
  }

  function refuseSystem(name: string): void {
    if (isSystemTopic(name, topicPrefix)) {
      throw new Problem('forbidden', `${name} is the pipeline’s own: it is not managed here`);
    }
  }

  async function levelOf(subject: string): Promise<CompatibilityLevel> {
    const level = await registry.compatibility(subject);
    return COMPATIBILITIES.find((known) => known === level) ?? 'NONE';
  }

  async function register(subject: string, schemaText: string): Promise<void> {
    try {
      await registry.register(subject, schemaText);
    } catch (error) {
      if (!(error instanceof CodecError) || error.code !== 'REGISTRATION_REFUSED') throw error;
      throw new Problem('conflict', error.message, { cause: error });
    }
  }

  return {
    async create({ name, partitions, retentionMs, schemaText, compatibility }) {
      refuseSystem(name);
      parseShape(schemaText);
      const subject = valueSubject(name);
      await refuseTaken(name);
      // The topic first: of those who ask for one name at once, Kafka lets one have it, and the schema is theirs.
      await makeTopic({ name, partitions, retentionMs });
      try {
        // One left over from a topic of this name that was deleted binds no reader: its records are gone.
        if ((await registry.latest(subject)) !== undefined) {
          await registry.setCompatibility(subject, 'NONE');
        }
        await register(subject, schemaText);
        await registry.setCompatibility(subject, compatibility);
      } catch (error) {
        await undo(name, error);
        throw error;
      } finally {
        contracts.forget(name);
      }
      return {
        name,
        partitions,
        replicationFactor,
        retentionMs: retentionMs < 0 ? null : retentionMs,
        publishable: true,
        system: false,
      };
    },

    async change(name, { partitions, retentionMs, compatibility }) {
      refuseSystem(name);
      const present = await existing(name);
      const grows = partitions !== undefined && partitions !== present;
      // What is refused has changed nothing.
      if (grows) await refusePartitions(name, present, partitions);
      if (retentionMs !== undefined) await refuseShortRetention(name, retentionMs);
      if (grows) await admin.addPartitions(name, partitions);
      if (retentionMs !== undefined) {
        await admin.alterTopicConfigs(name, { 'retention.ms': `${retentionMs}` });
      }
      if (compatibility !== undefined) {
        await registry.setCompatibility(valueSubject(name), compatibility);
      }
    },

    async remove(name) {
      refuseSystem(name);
      if (isManualTopic(name)) {
        throw new Problem('forbidden', `${name} is part of Shelfcast and cannot be deleted`);
      }
      await existing(name);
      const groups = await admin.groupsReading(name);
      if (groups.length > 0) {
        throw new Problem('conflict', `${name} is being read by ${groups.join(', ')}`);
      }
      await admin.deleteTopics([name]);
      contracts.forget(name);
    },

    async changeSchema(name, schemaText) {
      refuseSystem(name);
      if (isManualTopic(name)) {
        const detail = `The schema of ${name} is part of Shelfcast: change schemas/avro/${name}.avsc`;
        throw new Problem('forbidden', detail);
      }
      await existing(name);
      const after = parseShape(schemaText);
      const subject = valueSubject(name);
      const before = await registry.latest(subject);
      if (before !== undefined) {
        const broken = incompatibilities(
          parseShape(before.schemaText),
          after,
          await levelOf(subject),
        );
        refuseOtherKey(name, parseShape(before.schemaText).key, after.key);
        if (broken.length > 0) {
          throw new Problem('conflict', 'The schema would break readers', {
            violations: broken.map(({ field, detail }) => ({
              pointer: `/${field}`,
              code: 'incompatible',
              detail,
            })),
          });
        }
      }
      await register(subject, schemaText);
      contracts.forget(name);
      const latest = await registry.latest(subject);
      // The registry knows each schema of a subject once: an earlier one does not become the newest again.
      if (latest !== undefined && !isSameSchema(latest.schemaText, schemaText)) {
        const detail = `This is an earlier schema of ${name}: to go back to it, change something (a doc will do)`;
        throw new Problem('conflict', detail);
      }
      return latest?.version ?? 1;
    },
  };

  /** Readers that are away for a moment must find what they have not read. */
  async function refuseShortRetention(name: string, retentionMs: number): Promise<void> {
    if (retentionMs < 0 || retentionMs >= MIN_RETENTION_OF_READ_MS) return;
    const groups = isManualTopic(name) ? ['our consumers'] : await admin.groupsReading(name);
    if (groups.length === 0) return;
    const detail = `${name} is read by ${groups.join(', ')}: it keeps records for an hour at least`;
    throw new Problem('conflict', detail);
  }

  async function makeTopic(topic: Pick<NewTopic, 'name' | 'partitions' | 'retentionMs'>) {
    const { name, partitions, retentionMs } = topic;
    try {
      await admin.createTopic({
        topic: name,
        partitions,
        replicationFactor,
        configs: {
          'cleanup.policy': 'delete',
          'retention.ms': `${retentionMs}`,
          'message.timestamp.type': 'LogAppendTime',
          'max.message.bytes': `${maxRecordBytes}`,
          'min.insync.replicas': replicationFactor > 1 ? '2' : '1',
        },
      });
    } catch (error) {
      if (error instanceof KafkaError && error.code === 'TOPIC_EXISTS') throw exists(name);
      throw error;
    }
  }

  /** A topic that got no schema: frees the name for the next attempt. */
  async function undo(name: string, failure: unknown): Promise<void> {
    try {
      await admin.deleteTopics([name]);
    } catch (cause) {
      const detail = `${name} was made without its schema, and could not be removed: delete it, then try again`;
      throw new Problem('unavailable', detail, {
        cause: new AggregateError([failure, cause]),
        retryAfterSeconds: 2,
      });
    }
  }

  /** Kafka makes metrics of names, in which a dot and an underscore are the same. */
  async function refuseTaken(name: string): Promise<void> {
    const alike = (one: string) => one.replaceAll('.', '_');
    const taken = (await admin.listTopics()).find((topic) => alike(topic) === alike(name));
    if (taken === name) throw exists(name);
    if (taken !== undefined) {
      throw new Problem(
        'conflict',
        `${name} is too much like ${taken}: "." and "_" are one to Kafka`,
      );
    }
  }

  async function refusePartitions(name: string, present: number, wanted: number): Promise<void> {
    if (wanted < present) {
      throw new Problem(
        'conflict',
        `${name} has ${present} partitions, and Kafka cannot remove any`,
      );
    }
    const latest = await registry.latest(valueSubject(name));
    const key = latest === undefined ? undefined : parseShape(latest.schemaText).key;
    if (latest === undefined || key !== undefined) {
      const why = 'with more partitions its keys would move, and their order be lost';
      throw new Problem('conflict', `${name} is keyed${key ? ` by ${key}` : ''}: ${why}`);
    }
  }
}

/** Events with another key go to other partitions: the order per key would be lost at any compatibility level. */
function refuseOtherKey(name: string, before: string | undefined, after: string | undefined): void {
  if (before === after) return;
  const from = before === undefined ? 'has no key' : `is keyed by ${before}`;
  throw new Problem('conflict', `${name} ${from}, and that cannot change: make a new topic`);
}

function isSameSchema(one: string, other: string): boolean {
  return isDeepStrictEqual(JSON.parse(one), JSON.parse(other));
}

function exists(name: string): Problem {
  return new Problem('conflict', `There is a topic ${name} already`);
}
