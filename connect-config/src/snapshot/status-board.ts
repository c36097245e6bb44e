import { formatTableName, type TableName } from '../table-name.ts';
import type { Notification } from './notifications.ts';
import type { ReadOutcome } from './outcome.ts';

/** What Debezium has said of one request. */
export interface StatusBoard {
  take(notification: Notification): void;
  /** Undefined while it has not ended. */
  outcome(): ReadOutcome | undefined;
  /** How far it is, for people; empty before anything was read. */
  progress(): string;
}

/** Debezium's statuses of a table that was read to its end (IncrementalSnapshotNotificationService, 3.7). */
const READ = new Set(['SUCCEEDED', 'EMPTY']);

/**
 * Collects the notifications of a request. They are told by the signal's id; where another signal has come meanwhile
 * Debezium gives that one's id to all, so an end of the table itself counts as well.
 */
export function createStatusBoard({
  table,
  signalId,
}: {
  readonly table: TableName;
  readonly signalId: string;
}): StatusBoard {
  const name = formatTableName(table);
  let outcome: ReadOutcome | undefined;
  let progress = '';
  return {
    take({ id, type, additional_data: data }) {
      if (type === 'TABLE_SCAN_COMPLETED' && data.scanned_collection === name) {
        const status = data.status ?? 'no status';
        outcome = READ.has(status)
          ? { isRead: true }
          : { isRead: false, status, reason: data.reason ?? `Debezium reports ${status}` };
      } else if (type === 'IN_PROGRESS' && data.current_collection_in_progress === name) {
        progress = `(${data.total_rows_scanned ?? '?'} rows read)`;
      } else if (type === 'ABORTED' && (id === signalId || data.data_collections?.includes(name))) {
        outcome = {
          isRead: false,
          status: 'ABORTED',
          reason: 'the snapshot was stopped by a signal',
        };
      }
    },
    outcome: () => outcome,
    progress: () => progress,
  };
}
