import type { ConnectClient } from '../connect-client.ts';
import { CONNECTOR } from '../context.ts';
import { loadTemplate } from '../template.ts';
import type { ConnectorFacts } from './check-connector.ts';

/** Asks Kafka Connect about the connector. @throws ConnectError */
export async function readConnect(
  client: Pick<ConnectClient, 'config' | 'status' | 'offsets'>,
): Promise<ConnectorFacts> {
  const config = await client.config(CONNECTOR);
  if (config === undefined) return { connector: undefined };
  const status = await client.status(CONNECTOR);
  const [stored] = await client.offsets(CONNECTOR);
  const lsn = stored?.offset?.lsn;
  const storedLsn = typeof lsn === 'number' ? BigInt(lsn) : undefined;
  return { connector: { config, template: loadTemplate(), status, storedLsn } };
}
