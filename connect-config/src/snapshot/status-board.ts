import { formatTableName, type TableName } from '../table-name.ts';
import type { Notification } from './notifications.ts';
import type { ReadOutcome } from './outcome.ts';

/** What Debezium has said of one request. */
export interface StatusBoard {
  take(notification: Notification): void;
  /** Undefined while the table has not ended. */
  outcome(table: TableName): ReadOutcome | undefined;
  /** Whether all tables have ended. */
  isComplete(): boolean;
  /** How far it is, for people; empty before anything was read. */
  progress(): string;
}

/** Debezium's statuses of a table that was read to its end (IncrementalSnapshotNotificationService, 3.7). */
const READ = new Set(['SUCCEEDED', 'EMPTY']);

/**
 * Collects the notifications of a request. They are told by the signal's id; where another signal has come meanwhile
 * Debezium gives that one's id to all, so an end of a table itself counts as well.
 *
 * @param onRead told of each table that was read to its end
 */
export function createStatusBoard({
  tables,
  signalId,
  onRead = () => undefined,
}: {
  readonly tables: readonly TableName[];
  readonly signalId: string;
  readonly onRead?: (table: TableName, nr: number) => void;
}): StatusBoard {
  const byId = new Map(tables.map((table) => [identifierOf(table), table]));
  const outcomes = new Map<string, ReadOutcome>();
  let progress = '';

  function end(id: string, outcome: ReadOutcome): void {
    const table = byId.get(id);
    if (table === undefined) return;
    outcomes.set(id, outcome);
    progress = tables.length === 1 ? '' : `(${outcomes.size} of ${tables.length} tables)`;
    if (outcome.isRead) onRead(table, outcomes.size);
  }

  return {
    take({ id, type, additional_data: data }) {
      if (type === 'TABLE_SCAN_COMPLETED') {
        const status = data.status ?? 'no status';
        end(
          data.scanned_collection ?? '',
          READ.has(status)
            ? { isRead: true }
            : { isRead: false, status, reason: data.reason ?? `Debezium reports ${status}` },
        );
      } else if (type === 'IN_PROGRESS') {
        const table = byId.get(data.current_collection_in_progress ?? '');
        if (table === undefined) return;
        const of = tables.length === 1 ? '' : ` of ${formatTableName(table)}`;
        const nr = tables.length === 1 ? '' : `${outcomes.size} of ${tables.length} tables, `;
        progress = `(${nr}${data.total_rows_scanned ?? '?'} rows${of} read)`;
      } else if (type === 'ABORTED') {
        for (const aborted of byId.keys()) {
          if (outcomes.has(aborted)) continue;
          if (id !== signalId && !data.data_collections?.includes(aborted)) continue;
          end(aborted, {
            isRead: false,
            status: 'ABORTED',
            reason: 'the snapshot was stopped by a signal',
          });
        }
      }
    },
    outcome: (table) => outcomes.get(identifierOf(table)),
    isComplete: () => outcomes.size === byId.size,
    progress: () => progress,
  };
}

/** A table as Debezium writes it. */
function identifierOf({ schema, table }: TableName): string {
  return `${schema}.${table}`;
}
