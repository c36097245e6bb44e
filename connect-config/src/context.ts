import type { Codec } from '@shelfcast/schemas/codec';
import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import type { ConnectClient } from './connect-client.ts';
import type { ConnectorLock } from './connector-lock.ts';
import type { CaptureSettings } from './settings.ts';

/** The connector every operation is about. */
export const CONNECTOR = 'products';

/** Replication slot and publication have the same name; connectors/products.json says it too. */
export const SLOT = 'shelfcast';
export const PUBLICATION = 'shelfcast';

/** Who took a table out of the capture, where it was the monitor by itself. */
export const GUARD = 'guard';

/** What the operations on the connector work with. */
export interface ConnectorContext {
  readonly client: ConnectClient;
  /** The products database, as its owner. */
  readonly products: pg.Pool;
  readonly admin: Pick<
    KafkaAdmin,
    'ensureTopics' | 'listTopics' | 'describeTopics' | 'highWatermarks' | 'watermarks'
  >;
  readonly reader: LogReader;
  readonly codec: Codec;
  readonly settings: CaptureSettings;
  /** Takes one line at a time about what was done. */
  readonly log: (message: string) => void;
  /** The lock that keeps other commands from the connector, once it is held. */
  readonly connectorLock?: ConnectorLock | undefined;
}
