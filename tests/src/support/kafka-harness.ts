import { randomBytes } from 'node:crypto';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type {
  ConsumerOptions,
  Kafka,
  KafkaAdmin,
  KafkaConsumer,
  KafkaProducer,
  KafkaRecord,
} from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';

/** A port to real brokers with topics and groups of a test's own, all of it undone by `close`. */
export interface KafkaHarness {
  readonly kafka: Kafka;
  readonly admin: KafkaAdmin;
  readonly producer: KafkaProducer;
  uniqueName(what: string): string;
  newTopic(options: {
    readonly partitions: number;
    readonly name?: string;
    readonly configs?: Readonly<Record<string, string>>;
  }): Promise<string>;
  /** Consumes until `close`; a fatal error fails the test that looks at `fatal`. */
  consume(
    options: Omit<ConsumerOptions, 'onFatal' | 'groupId'> & { readonly groupId?: string },
  ): Promise<KafkaConsumer>;
  readonly fatal: Error[];
  close(): Promise<void>;
}

export async function openKafkaHarness(bootstrapServers: string): Promise<KafkaHarness> {
  const kafka = createKafka({
    connection: { bootstrapServers: bootstrapServers.split(','), maxRecordBytes: 16 * 1024 * 1024 },
    clientId: 'kafka-port-test',
    log: silentLogger(),
  });
  const admin = kafka.createAdmin();
  const producer = await kafka.createProducer({ deliveryTimeoutMs: 60_000 });
  const topics = new Set<string>();
  const consumers: KafkaConsumer[] = [];
  const fatal: Error[] = [];
  const uniqueName = (what: string) => `test-${what}-${randomBytes(4).toString('hex')}`;

  return {
    kafka,
    admin,
    producer,
    fatal,
    uniqueName,
    async newTopic({ partitions, name = uniqueName('topic'), configs = {} }) {
      await admin.ensureTopics([{ topic: name, partitions, replicationFactor: 1, configs }]);
      topics.add(name);
      return name;
    },
    async consume(options) {
      const consumer = await kafka.createConsumer({
        groupId: uniqueName('group'),
        onError: () => {},
        onFatal: (error) => fatal.push(error),
        ...options,
      });
      consumers.push(consumer);
      return consumer;
    },
    async close() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await producer.close();
      await admin.deleteTopics([...topics]);
      await admin.close();
    },
  };
}

/** `count` records for one partition with values `0`, `1`, … */
export function numbered(topic: string, partition: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({
    topic,
    partition,
    key: `${partition}`,
    value: Buffer.from(String(index)),
  }));
}

export function textOf({ value }: Pick<KafkaRecord, 'value'>): string {
  return value === null ? '' : value.toString();
}
