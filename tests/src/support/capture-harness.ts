import { randomBytes } from 'node:crypto';
import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import {
  heartbeatTopic,
  offsetHeartbeatTopic,
} from '@shelfcast/connect-config/internals/heartbeat';
import {
  type Notification,
  notificationTopic,
  openNotifications,
} from '@shelfcast/connect-config/internals/snapshot/notifications';
import { type ConnectorConfig, renderConnector } from '@shelfcast/connect-config/render';
import { loadTemplate } from '@shelfcast/connect-config/template';
import { waitUntilRunning, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import type { Change } from '@shelfcast/schemas/change';
import { createCodec } from '@shelfcast/schemas/codec';
import { changeFromEnvelope } from '@shelfcast/schemas/debezium';
import { DEFAULT_MAX_RECORD_BYTES } from '@shelfcast/schemas/limits';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import pg from 'pg';
import { fromEnvironment } from './environment.ts';

/** Tables of a test's own, captured by a connector of its own. */
export interface CaptureHarness {
  /** Schema that holds the tables; also the name of the connector, its slot and its publication. */
  readonly name: string;
  readonly db: pg.Pool;
  /** Starts the connector on these tables, whose routing column is `id`. */
  capture(tables: readonly string[]): Promise<void>;
  /** Goes on with the configuration that connectors/products.json and render.ts make. */
  reconfigure(): Promise<void>;
  /** Asks for an incremental snapshot. @returns the signal's id */
  snapshot(table: string): Promise<string>;
  /** Debezium's notifications so far. */
  notifications(): Promise<Notification[]>;
  /** What Kafka Connect has stored: where its next task goes on. */
  storedOffset(): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** All changes of a table so far, in the order of their partition (there is one). */
  changes(table: string): readonly Change[];
  /** Waits until a change is there. */
  change(table: string, is: (change: Change) => boolean): Promise<Change>;
  close(): Promise<void>;
}

const EPOCH = 7n;

export interface CaptureHarnessOptions {
  /** Default: the products database. */
  readonly databaseUrl?: string;
  /** Makes another of the connector's configuration. */
  readonly edit?: EditConfig;
}

type EditConfig = (config: ConnectorConfig) => ConnectorConfig;

export async function openCaptureHarness({
  databaseUrl = fromEnvironment('PRODUCTS_DATABASE_URL'),
  edit = (config) => config,
}: CaptureHarnessOptions = {}): Promise<CaptureHarness> {
  const name = `contract_${randomBytes(4).toString('hex')}`;
  const prefix = name;
  const db = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  const connect = createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') });
  const codec = createCodec({ registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') });
  const kafka = createKafka({
    connection: {
      bootstrapServers: fromEnvironment('KAFKA_BOOTSTRAP_SERVERS').split(','),
      maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
    },
    clientId: name,
    log: silentLogger(),
  });
  const admin = kafka.createAdmin();
  const reader = kafka.createLogReader();
  const seen = new Map<string, Change[]>();
  const closers: (() => Promise<unknown>)[] = [];
  let rendered: ConnectorConfig = {};

  await db.query(`create schema ${name};
    create table ${name}.signal (id varchar(42) primary key, type varchar(32) not null, data varchar(2048));
    grant usage on schema ${name} to debezium;
    grant select, insert, delete on ${name}.signal to debezium;`);

  async function decode(record: KafkaRecord): Promise<Change | null> {
    const value = record.value === null ? null : (await codec.decode(record.value)).value;
    const key = record.key === null ? null : (await codec.decode(record.key)).value;
    return changeFromEnvelope({ ...record, instance: 'test', key, value });
  }

  const topicOf = (table: string) => cdcTopic({ prefix, schema: name, table });

  async function change(table: string, is: (change: Change) => boolean): Promise<Change> {
    let found: Change | undefined;
    await eventually(
      async () => {
        found = seen.get(table)?.find(is);
        if (found === undefined)
          throw new Error(`not among ${seen.get(table)?.length ?? 0} changes`);
      },
      { timeoutMs: 60_000, intervalMs: 50, what: `a change of ${table}` },
    );
    if (found === undefined) throw new Error('unreachable: eventually has waited for it');
    return found;
  }

  return {
    name,
    db,
    change,
    changes: (table) => seen.get(table) ?? [],

    async notifications() {
      const notifications = await openNotifications({
        ...{ reader, admin, codec, topic: notificationTopic(prefix) },
        from: new Map([[0, 0n]]),
      });
      return await notifications.read();
    },

    async storedOffset() {
      const [stored] = await connect.offsets(name);
      return stored?.offset ?? undefined;
    },

    async capture(tables) {
      for (const table of tables) {
        await db.query(`alter table ${name}.${pg.escapeIdentifier(table)} replica identity full;
          grant select on ${name}.${pg.escapeIdentifier(table)} to debezium;`);
      }
      const published = [...tables, 'signal']
        .map((table) => `${name}.${pg.escapeIdentifier(table)}`)
        .join(', ');
      await db.query(`create publication ${name} for table ${published}`);
      const topics = tables.map(topicOf);
      // The heartbeat is captured by every connector, whose initial snapshot reads it.
      const heartbeats = [heartbeatTopic(prefix), offsetHeartbeatTopic(prefix)];
      const own = [...topics, topicOf('signal'), ...heartbeats, notificationTopic(prefix)];
      await admin.ensureTopics(
        own.map((topic) => ({
          topic,
          partitions: 1,
          replicationFactor: 1,
          configs: { 'message.timestamp.type': 'LogAppendTime' },
        })),
      );
      closers.push(() => admin.deleteTopics(own));
      rendered = renderConnector({
        template: {
          ...loadTemplate(),
          'publication.name': name,
          'slot.name': name,
          'signal.data.collection': `${name}.signal`,
        },
        capturedTables: tables.map((table) => ({ schema: name, table, routingColumn: 'id' })),
        epoch: EPOCH,
        settings: {
          topicPrefix: prefix,
          topicPartitions: 1,
          maxRecordBytes: DEFAULT_MAX_RECORD_BYTES,
          pollIntervalMs: 10,
          exactlyOnceSource: false,
        },
      });
      await connect.putConfig(name, edit(rendered));
      closers.push(async () => {
        await connect.stop(name);
        await eventually(() => connect.deleteOffsets(name), {
          timeoutMs: 20_000,
          intervalMs: 300,
          what: 'the offsets are deleted',
        });
        await connect.remove(name);
      });
      const consumer = await kafka.createConsumer({
        groupId: name,
        topics,
        onFatal: (error) => {
          throw error;
        },
        onBatch: async ({ topic, records }) => {
          const table = topic.slice(topic.lastIndexOf('.') + 1);
          const ofTable = seen.get(table) ?? [];
          seen.set(table, ofTable);
          for (const record of records) {
            const decoded = await decode(record);
            if (decoded !== null) ofTable.push(decoded);
          }
        },
      });
      closers.push(() => consumer.stop());
      await eventually(
        async () => {
          const status = await connect.status(name);
          const task = status?.tasks[0];
          if (task?.state !== 'RUNNING') throw new Error(task?.trace ?? 'no task yet');
        },
        { timeoutMs: 60_000, intervalMs: 200, what: 'the connector runs' },
      );
    },

    async reconfigure() {
      await connect.stop(name);
      await waitUntilStopped({ client: connect, connector: name });
      await connect.putConfig(name, rendered);
      await connect.resume(name);
      await waitUntilRunning({ client: connect, connector: name });
    },

    async snapshot(table) {
      const data = { 'data-collections': [`${name}.${table}`], type: 'INCREMENTAL' };
      const id = randomBytes(8).toString('hex');
      await db.query(`insert into ${name}.signal values ($1, 'execute-snapshot', $2)`, [
        id,
        JSON.stringify(data),
      ]);
      return id;
    },

    async close() {
      for (const closer of closers.reverse()) await closer();
      await db.query(
        `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1`,
        [name],
      );
      await db.query(`drop publication if exists ${name}`);
      await db.query(`drop schema ${name} cascade`);
      await db.end();
      await admin.close();
      reader.close();
      codec.close();
    },
  };
}
