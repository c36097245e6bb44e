import { withConnectorLock } from '@shelfcast/connect-config/connector-lock';
import type { ConnectorContext } from '@shelfcast/connect-config/context';
import { beyondMarkers, endsOf } from '@shelfcast/connect-config/initial-snapshot';
import { snapshotTable } from '@shelfcast/connect-config/snapshot';
import { parseTableName } from '@shelfcast/connect-config/table-name';
import type { Pool } from 'pg';
import type { Consumer } from '../runtime/contract/definition.ts';
import { topicsOf } from './generation.ts';
import { noteStep, type RebuildRow, readRebuild } from './rebuilds.ts';

/** What has access to the source and the connector; the processes that host consumers have not. */
export type SnapshotSource = ConnectorContext;

const SNAPSHOT_TIMEOUT_MS = 24 * 3_600_000;

/**
 * Gives a rebuild that has begun its snapshot: reads its tables one after another, each whole, and notes where the topics
 * end then. It may be interrupted and repeated, in any terminal; a second one waits for the first.
 * @throws {OperationError} when a table cannot be read whole; the rebuild stays open
 */
export async function giveSnapshot(
  db: Pool,
  source: SnapshotSource,
  { id, consumer }: RebuildRow,
  definition: Pick<Consumer, 'tables'>,
): Promise<void> {
  await withConnectorLock(source, `rebuild ${consumer}`, async (locked) => {
    const row = await readRebuild(db, id);
    if (row === undefined || row.state !== 'reading' || row.snapshotEnded !== null) return;
    for (const table of definition.tables) {
      const read = await snapshotTable(locked, {
        table: parseTableName(table),
        timeoutMs: SNAPSHOT_TIMEOUT_MS,
      });
      await noteStep(db, id, { snapshotLsn: read.request.requestedLsn });
    }
    const { topicPrefix, exactlyOnceSource } = locked.settings;
    const ends = await endsOf(locked.admin, topicsOf(definition, topicPrefix));
    await noteStep(db, id, { snapshotEnded: beyondMarkers(ends, exactlyOnceSource) });
  });
}
