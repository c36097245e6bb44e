import type { SubjectVersion } from '@shelfcast/schemas/registry/transport';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTopicsAdmin, type NewTopic } from './topics-admin.ts';

const test = suite('topics admin');

function schemaOf(name: string): string {
  return JSON.stringify({ type: 'record', name, fields: [{ name: 'id', type: 'string' }] });
}

function wanted(schemaText: string): NewTopic {
  return { name: 'orders', partitions: 2, retentionMs: 1_000, schemaText, compatibility: 'FULL' };
}

const unused = () => Promise.reject(new Error('this is not asked for'));

/** Kafka and a registry in which each step takes a turn, so that callers are between each other's steps. */
function world({ registers = true }: { readonly registers?: boolean } = {}) {
  const topics = new Set<string>();
  const versions: SubjectVersion[] = [];
  const levels: string[] = [];
  const changes: string[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const admin = createTopicsAdmin({
    admin: {
      async addPartitions(name, count) {
        changes.push(`${name} has ${count} partitions`);
      },
      alterTopicConfigs: unused,
      async describeTopics([topic = ''] = []) {
        return [
          { topic, partitions: [{ partition: 0, leader: 1, replicas: [1], inSyncReplicas: [1] }] },
        ];
      },
      async groupsReading() {
        return ['readers'];
      },
      async listTopics() {
        const seen = [...topics];
        await turn();
        return seen;
      },
      async createTopic({ topic }) {
        await turn();
        if (topics.has(topic)) {
          throw new KafkaError('exists', { code: 'TOPIC_EXISTS', retriable: false, topic });
        }
        topics.add(topic);
      },
      async deleteTopics(names) {
        for (const name of names) topics.delete(name);
      },
    },
    registry: {
      compatibility: unused,
      async latest() {
        await turn();
        return versions.at(-1);
      },
      async register(_subject, schemaText) {
        await turn();
        if (!registers) throw new Error('the registry is away');
        const version = versions.length + 1;
        versions.push({ version, schemaId: version, schemaText });
        return version;
      },
      async setCompatibility(_subject, level) {
        await turn();
        levels.push(level);
      },
    },
    contracts: { forget: () => {} },
    topicPrefix: 'pis',
    maxRecordBytes: 1_000,
    replicationFactor: 1,
  });
  return { admin, topics, versions, levels, changes };
}

test('of those who want one name at once, one has it, and only their schema counts', async () => {
  const { admin, versions, levels } = world();
  const schemas = ['A', 'B', 'C', 'D'].map(schemaOf);
  const outcomes = await Promise.allSettled(schemas.map((one) => admin.create(wanted(one))));
  const made = schemas.filter((_, nr) => outcomes[nr]?.status === 'fulfilled');
  assert.is(made.length, 1);
  assert.equal(
    versions.map(({ schemaText }) => schemaText),
    made,
  );
  assert.equal(levels, ['FULL']);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.match(outcome.reason.message, /already/);
  }
});

test('a topic that cannot have its schema is not there either', async () => {
  const { admin, topics } = world({ registers: false });
  const failure = await admin.create(wanted(schemaOf('A'))).catch((error: unknown) => error);
  assert.match(String(failure), /the registry is away/);
  assert.is(topics.size, 0);
});

test('a new topic is described at once, even before all brokers know it', async () => {
  const { admin } = world();
  assert.equal(await admin.create({ ...wanted(schemaOf('A')), retentionMs: -1 }), {
    name: 'orders',
    partitions: 2,
    replicationFactor: 1,
    retentionMs: null,
    publishable: true,
    system: false,
  });
});

test('a change that is refused in part is refused as a whole', async () => {
  const { admin, changes } = world();
  await admin.create(wanted(schemaOf('A')));
  const change = { partitions: 3, retentionMs: 60_000 };
  const refused = await admin.change('orders', change).catch((error: unknown) => error);
  assert.match(String(refused), /it keeps records for an hour at least/);
  assert.equal(changes, []);
});

test.run();
