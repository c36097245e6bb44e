import { type CodecOptions, createCodec } from '@shelfcast/schemas/codec';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { Kafka, KafkaAdmin, KafkaConnection } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import pg from 'pg';
import { createConnectClient } from './connect-client.ts';
import type { ConnectorContext } from './context.ts';
import type { CaptureSettings } from './settings.ts';

export interface OpenContextOptions {
  readonly connectUrl: string;
  /** The owner's connection to the products database. */
  readonly productsDatabaseUrl: string;
  readonly kafka: KafkaConnection;
  readonly registry: CodecOptions;
  readonly capture: CaptureSettings;
  /** How Kafka and Postgres see who asks. */
  readonly clientId: string;
  readonly log: (message: string) => void;
}

export interface OpenContext {
  readonly context: ConnectorContext & { readonly admin: KafkaAdmin };
  readonly kafka: Kafka;
  close(): Promise<void>;
}

/** Settings of the database or the role do not count: a command may take its time, and it writes. */
const SESSION =
  '-c default_transaction_read_only=off -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0';

/** One of them keeps the lock for as long as a command takes. */
const CONNECTIONS = 4;

/** Opens what the operations on the connector work with; each connects when it is first used. */
export function openConnectorContext(options: OpenContextOptions): OpenContext {
  const products = new pg.Pool({
    connectionString: options.productsDatabaseUrl,
    application_name: options.clientId,
    options: SESSION,
    max: CONNECTIONS,
  });
  products.on('error', () => undefined); // an idle connection that breaks is replaced by the pool
  const kafka = createKafka({
    connection: options.kafka,
    clientId: options.clientId,
    log: silentLogger(), // the commands print errors themselves
  });
  const admin = kafka.createAdmin();
  const reader = kafka.createLogReader();
  const codec = createCodec(options.registry);
  return {
    context: {
      client: createConnectClient({ url: options.connectUrl }),
      products,
      admin,
      reader,
      codec,
      settings: options.capture,
      log: options.log,
    },
    kafka,
    async close() {
      reader.close();
      codec.close();
      await Promise.allSettled([admin.close(), products.end()]);
    },
  };
}
