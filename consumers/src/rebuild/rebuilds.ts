import type { Watermark } from '@shelfcast/connect-config/initial-snapshot';
import type { ClientBase } from 'pg';
import { z } from 'zod';

export type RebuildState = 'waiting' | 'reading' | 'swapped' | 'done' | 'failed' | 'cancelled';

/** A row of `runtime.rebuilds`. */
export interface RebuildRow {
  readonly id: string;
  readonly consumer: string;
  readonly state: RebuildState;
  readonly progress: string;
  readonly keepOld: boolean;
  readonly beganAt: readonly Watermark[] | null;
  /** Exact number, as text. */
  readonly snapshotLsn: string | null;
  readonly snapshotEnded: readonly Watermark[] | null;
  readonly swapped: boolean;
  readonly lockedMs: number | null;
  readonly cancelledBy: string | null;
}

type Database = Pick<ClientBase, 'query'>;

/** Offsets are text: JSON has no such numbers. */
const watermarks = z.array(
  z.object({ topic: z.string(), partition: z.number(), offset: z.coerce.bigint() }),
);

interface StoredRow extends Omit<RebuildRow, 'beganAt' | 'snapshotEnded'> {
  readonly beganAt: string | null;
  readonly snapshotEnded: string | null;
}

const COLUMNS = `id::text, consumer, state, progress, keep_old as "keepOld", began_at as "beganAt",
  snapshot_lsn as "snapshotLsn", snapshot_ended as "snapshotEnded", swapped_at is not null as swapped,
  locked_ms as "lockedMs", cancelled_by as "cancelledBy"`;

/** The rebuild of a consumer that has not ended; there is one at most. */
export async function openRebuild(db: Database, consumer: string): Promise<RebuildRow | undefined> {
  const { rows } = await db.query<StoredRow>(
    `select ${COLUMNS} from runtime.rebuilds where consumer = $1 and ended_at is null`,
    [consumer],
  );
  return rows[0] && fromStored(rows[0]);
}

export async function readRebuild(db: Database, id: string): Promise<RebuildRow | undefined> {
  const { rows } = await db.query<StoredRow>(
    `select ${COLUMNS} from runtime.rebuilds where id = $1`,
    [id],
  );
  return rows[0] && fromStored(rows[0]);
}

/**
 * Asks for a rebuild; where one is under way it stays as it is.
 * @returns the rebuild that is under way now
 */
export async function requestRebuild(
  db: Database,
  given: { readonly consumer: string; readonly requestedBy: string; readonly keepOld: boolean },
): Promise<RebuildRow> {
  await db.query(
    `insert into runtime.rebuilds (consumer, requested_by, keep_old) values ($1, $2, $3)
     on conflict (consumer) where ended_at is null do nothing`,
    [given.consumer, given.requestedBy, given.keepOld],
  );
  const open = await openRebuild(db, given.consumer);
  if (open === undefined) throw new Error('The rebuild ended in this moment: ask again.');
  return open;
}

/** Has an open rebuild given up; one that has swapped cannot be. */
export async function cancelRebuild(
  db: Database,
  consumer: string,
  by: string,
): Promise<RebuildRow | undefined> {
  const { rows } = await db.query<StoredRow>(
    `update runtime.rebuilds set cancelled_by = $2
     where consumer = $1 and ended_at is null and swapped_at is null returning ${COLUMNS}`,
    [consumer, by],
  );
  return rows[0] && fromStored(rows[0]);
}

/** What can be noted of a rebuild; what is left out stays. */
export interface RebuildStep {
  readonly state?: RebuildState;
  readonly progress?: string;
  readonly beganAt?: readonly Watermark[];
  readonly snapshotLsn?: bigint;
  readonly snapshotEnded?: readonly Watermark[];
  readonly ended?: boolean;
}

export async function noteStep(db: Database, id: string, step: RebuildStep): Promise<void> {
  await db.query(
    `update runtime.rebuilds set
       state = coalesce($2, state), progress = coalesce($3, progress), began_at = coalesce($4, began_at),
       snapshot_lsn = coalesce($5, snapshot_lsn), snapshot_ended = coalesce($6, snapshot_ended),
       ended_at = case when $7 then now() end, updated_at = now()
     where id = $1 and ended_at is null`,
    [
      id,
      step.state ?? null,
      step.progress ?? null,
      toText(step.beganAt),
      step.snapshotLsn?.toString() ?? null,
      toText(step.snapshotEnded),
      step.ended ?? false,
    ],
  );
}

function toText(of: readonly Watermark[] | undefined): string | null {
  if (of === undefined) return null;
  return JSON.stringify(of.map((place) => ({ ...place, offset: String(place.offset) })));
}

function fromStored(row: StoredRow): RebuildRow {
  const parsed = (text: string | null) =>
    text === null ? null : watermarks.parse(JSON.parse(text));
  return { ...row, beganAt: parsed(row.beganAt), snapshotEnded: parsed(row.snapshotEnded) };
}
