import { type ConnectClient, createConnectClient } from '@shelfcast/connect-config/connect-client';
import { type Codec, createCodec } from '@shelfcast/schemas/codec';
import { type Audit, createAudit } from '@shelfcast/service-kit/audit/audit';
import { createClock } from '@shelfcast/service-kit/clock';
import { kafkaConnection, registryConnection } from '@shelfcast/service-kit/config/settings';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { Kafka, KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import type { MainContext } from '@shelfcast/service-kit/process/run-main';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import type { MonitorConfig } from './config.ts';

/** What the parts of the monitor work with; closed after they have stopped. */
export interface Resources {
  readonly databases: {
    /** Answers questions about reports. */
    readonly monitoring: Pool;
    /** Of its own: however many questions are asked, reports are stored. */
    readonly storing: Pool;
    readonly consumers: Pool;
    readonly products: Pool;
  };
  readonly kafka: Kafka;
  /** A Kafka client of its own, under another name. */
  readonly kafkaAs: (clientId: string) => Kafka;
  /** What the brokers call this process. */
  readonly clientId: string;
  /** Groups and lag every few seconds; the other one is for requests and the watch. */
  readonly groupsAdmin: KafkaAdmin;
  readonly admin: KafkaAdmin;
  /** Records of events, and of where groups are; the other one looks at tables' topics. */
  readonly recordReader: LogReader;
  readonly sourceReader: LogReader;
  readonly connect: ConnectClient;
  readonly codec: Codec;
  readonly audit: Audit;
  readonly registry: Registry;
  readonly nowMs: () => number;
}

/** Two writers, and what is looked after beside them. */
const STORING_POOL_SIZE = 4;
/** A handful of requests of people, and what is looked at every few seconds. */
const OPERATIONS_POOL_SIZE = 4;
const TIMEOUT_MS = 5_000;
/** No answer about reports is worth more of the database's time. */
const REPORTS_STATEMENT_TIMEOUT_MS = 20_000;

/** Opens them, and registers how they are closed. None is asked anything yet: each may be away. */
export function openResources({ config, lifecycle, log }: MainContext<MonitorConfig>): Resources {
  const codec = createCodec(registryConnection(config));
  lifecycle.onStop('codec', () => codec.close());

  const openPool = (
    name: string,
    options: Pick<Parameters<typeof createPool>[0], 'url' | 'max'> & {
      readonly statementTimeoutMs?: number;
      readonly applicationName?: string;
    },
  ): Pool => {
    const pool = createPool({
      applicationName: 'shelfcast-monitor',
      connectTimeoutMs: TIMEOUT_MS,
      statementTimeoutMs: TIMEOUT_MS,
      log,
      ...options,
    });
    lifecycle.onStop(`${name} database pool`, () => pool.end());
    return pool;
  };
  const monitoring = openPool('monitoring', {
    url: config.MONITORING_DATABASE_URL,
    max: config.MONITORING_DATABASE_POOL_SIZE,
    statementTimeoutMs: REPORTS_STATEMENT_TIMEOUT_MS,
  });
  const databases = {
    monitoring,
    storing: openPool('storing', {
      url: config.MONITORING_DATABASE_URL,
      max: STORING_POOL_SIZE,
      applicationName: 'shelfcast-monitor-storing',
      statementTimeoutMs: REPORTS_STATEMENT_TIMEOUT_MS,
    }),
    consumers: openPool('consumers', {
      url: config.CONSUMERS_DATABASE_URL,
      max: OPERATIONS_POOL_SIZE,
    }),
    products: openPool('products', {
      url: config.PRODUCTS_DATABASE_URL,
      max: OPERATIONS_POOL_SIZE,
    }),
  };

  const clientId = `monitor-${config.INSTANCE_ID}`;
  const kafkaAs = (name: string): Kafka =>
    createKafka({ connection: kafkaConnection(config), clientId: name, log });
  const kafka = kafkaAs(clientId);
  const closing = <Client extends { close(): void | Promise<void> }>(
    name: string,
    client: Client,
  ) => {
    lifecycle.onStop(name, () => client.close());
    return client;
  };
  return {
    databases,
    kafka,
    kafkaAs,
    clientId,
    groupsAdmin: closing('admin of groups', kafka.createAdmin()),
    admin: closing('admin', kafka.createAdmin()),
    recordReader: closing('record reader', kafka.createLogReader()),
    sourceReader: closing('record reader of the source', kafka.createLogReader()),
    // People and the next look ask again anyway.
    connect: createConnectClient({
      url: config.KAFKA_CONNECT_URL,
      timeoutMs: TIMEOUT_MS,
      retryForMs: 0,
    }),
    codec,
    audit: createAudit({
      pool: monitoring,
      schema: 'monitoring',
      log: log.child({ part: 'audit' }),
    }),
    registry: new Registry(),
    nowMs: createClock(),
  };
}
