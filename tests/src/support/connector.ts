import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { openConnectorContext } from '@shelfcast/connect-config/open-context';
import { captureSettings, captureSettingsShape } from '@shelfcast/connect-config/settings';
import { loadConfig } from '@shelfcast/service-kit/config/config';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { z } from 'zod';
import { fromEnvironment } from './environment.ts';

/** The test stack's connector, operated as the make targets do. */
export interface ConnectorHarness {
  readonly context: ConnectorContext;
  readonly kafka: Kafka;
  /** What the operations have said so far. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export function openConnectorHarness(): ConnectorHarness {
  const settings = captureSettings(
    loadConfig(z.object(captureSettingsShape), { env: process.env }),
  );
  const lines: string[] = [];
  const opened = openConnectorContext({
    connectUrl: fromEnvironment('KAFKA_CONNECT_URL'),
    productsDatabaseUrl: fromEnvironment('PRODUCTS_DATABASE_URL'),
    kafka: {
      bootstrapServers: fromEnvironment('KAFKA_BOOTSTRAP_SERVERS').split(','),
      maxRecordBytes: settings.maxRecordBytes,
    },
    registry: { registryUrl: fromEnvironment('SCHEMA_REGISTRY_URL') },
    capture: settings,
    clientId: 'connector-test',
    log: (line) => lines.push(line),
  });
  return { ...opened, lines };
}
