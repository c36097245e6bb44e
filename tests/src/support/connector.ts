import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { captureSettings, captureSettingsShape } from '@shelfcast/connect-config/settings';
import { loadConfig } from '@shelfcast/service-kit/config';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { silentLogger } from '@shelfcast/service-kit/logging';
import pg from 'pg';
import { z } from 'zod';
import { fromEnvironment } from './environment.ts';

/** The test stack's connector, operated as the make targets do. */
export interface ConnectorBench {
  readonly context: ConnectorContext;
  readonly kafka: Kafka;
  /** What the operations have said so far. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export function openConnectorBench(): ConnectorBench {
  const settings = captureSettings(
    loadConfig(z.object(captureSettingsShape), { env: process.env }),
  );
  const kafka = createKafka({
    connection: {
      bootstrapServers: fromEnvironment('KAFKA_BOOTSTRAP_SERVERS').split(','),
      maxRecordBytes: settings.maxRecordBytes,
    },
    clientId: 'connector-test',
    log: silentLogger(),
  });
  const admin = kafka.createAdmin();
  const reader = kafka.createLogReader();
  const products = new pg.Pool({
    connectionString: fromEnvironment('PRODUCTS_DATABASE_URL'),
    max: 6,
  });
  const lines: string[] = [];
  return {
    context: {
      client: createConnectClient({ url: fromEnvironment('KAFKA_CONNECT_URL') }),
      products,
      admin,
      reader,
      settings,
      log: (line) => lines.push(line),
    },
    kafka,
    lines,
    close: async () => {
      reader.close();
      await admin.close();
      await products.end();
    },
  };
}
