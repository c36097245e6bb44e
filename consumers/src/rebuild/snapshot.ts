import type { ConnectClient } from '@shelfcast/connect-config/connect-client';
import { OperationError } from '@shelfcast/connect-config/connect-error';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { beyondMarkers, endsOf } from '@shelfcast/connect-config/initial-snapshot';
import { currentLsn } from '@shelfcast/connect-config/replication-slot';
import { requestSnapshot, waitForSnapshot } from '@shelfcast/connect-config/snapshot';
import { parseTableName } from '@shelfcast/connect-config/table-name';
import { isRunning } from '@shelfcast/connect-config/wait-until';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import type { Pool } from 'pg';
import type { Consumer } from '../runtime/definition.ts';
import { topicsOf } from './generation.ts';
import { noteStep, type RebuildRow } from './rebuilds.ts';

/** What has access to the source and the connector; the processes that host consumers have not. */
export interface SnapshotSource {
  readonly client: ConnectClient;
  /** The products database, as its owner. */
  readonly products: Pool;
  readonly admin: Pick<KafkaAdmin, 'highWatermarks'>;
  readonly topicPrefix: string;
  readonly exactlyOnceSource: boolean;
}

const SNAPSHOT_TIMEOUT_MS = 24 * 3_600_000;

/** @throws {OperationError} CONNECTOR_NOT_RUNNING: nothing would be read */
export async function assertConnectorRuns(client: Pick<ConnectClient, 'status'>): Promise<void> {
  const status = await client.status(CONNECTOR);
  if (status !== undefined && isRunning(status)) return;
  throw new OperationError(
    'CONNECTOR_NOT_RUNNING',
    'The connector is not running, so no snapshot would be read: make connector-status tells the reason.',
  );
}

/**
 * Gives a rebuild that has begun its snapshot: asks for it, waits for its end, and notes where the topics end then.
 * What was noted before is not done again, so it may be interrupted and repeated, by anybody.
 * @throws {OperationError} when the connector stops; the rebuild stays open
 */
export async function giveSnapshot(
  db: Pool,
  source: SnapshotSource,
  { id, snapshotLsn }: RebuildRow,
  definition: Pick<Consumer, 'tables'>,
): Promise<void> {
  const { client, products, admin, topicPrefix, exactlyOnceSource } = source;
  let requestedLsn = snapshotLsn === null ? undefined : BigInt(snapshotLsn);
  if (requestedLsn === undefined) {
    await assertConnectorRuns(client);
    await requestSnapshot(products, definition.tables.map(parseTableName));
    requestedLsn = await currentLsn(products);
    await noteStep(db, id, { snapshotLsn: requestedLsn });
  }
  await waitForSnapshot({
    client,
    requestedLsn,
    timeoutMs: SNAPSHOT_TIMEOUT_MS,
    onProgress: () => {},
  });
  const ends = await endsOf(admin, topicsOf(definition, topicPrefix));
  await noteStep(db, id, { snapshotEnded: beyondMarkers(ends, exactlyOnceSource) });
}
