import {
  type ConnectorStatus,
  createConnectClient,
} from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import type { ConnectorConfig } from '@shelfcast/connect-config/render';

export type ConnectFacts = {
  /** Undefined when Connect has no such connector. */
  connector: { config: ConnectorConfig; status: ConnectorStatus | undefined } | undefined;
};

/** Asks Kafka Connect once: a worker that does not answer now is a finding. */
export async function connectFacts(url: string): Promise<ConnectFacts> {
  const client = createConnectClient({ url, timeoutMs: 5_000, retryForMs: 0 });
  const config = await client.config(CONNECTOR);
  if (!config) return { connector: undefined };
  return { connector: { config, status: await client.status(CONNECTOR) } };
}
