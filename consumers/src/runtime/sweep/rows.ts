import type { Position } from '@shelfcast/schemas/position';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { ClientBase, Pool } from 'pg';
import {
  epochOfHeader,
  type SweepCandidate,
  type SweepExtent,
  type WaitingChange,
} from './swept.ts';

interface Place {
  readonly consumer: string;
  readonly entity: string;
}

/** A key that could not be deleted, and why. */
export interface SweepRefusal {
  readonly entity: string;
  readonly key: string;
  readonly reason: string;
}

const MAX_REFUSALS_TOLD = 100;

/** How much of a consumer's captured keys a sweep below `floor` is about. */
export async function sweepExtent(
  db: Pick<Pool, 'query'>,
  { consumer, entities }: { readonly consumer: string; readonly entities: readonly string[] },
  floor: Position,
): Promise<SweepExtent> {
  const { rows } = await db.query<SweepExtent>(
    `select count(*) filter (where position < $3)::int as gone, count(*)::int as keys from runtime.guards
     where consumer = $1 and entity = any($2) and position > '' and position < 'm' and not deleted`,
    [consumer, entities, floor],
  );
  return rows[0] ?? { gone: 0, keys: 0 };
}

/**
 * The next keys of an entity, beyond `after`, whose newest applied change is a captured one below `floor` and no delete,
 * or that are parked; with what they have parked. Their guards are locked.
 */
export async function selectCandidates(
  tx: ClientBase,
  { consumer, entity }: Place,
  floor: Position,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<SweepCandidate[]> {
  // Manual positions begin with an m, which sorts above every digit of an epoch.
  const { rows } = await tx.query<{
    key: string;
    position: string;
    deleted: boolean;
    parked: boolean;
  }>(
    `select key, position, deleted, parked from runtime.guards
     where consumer = $1 and entity = $2 and ($3::text is null or runtime.bounded(key) > runtime.bounded($3))
       and position < $4 and (parked or (position > '' and not deleted))
     order by runtime.bounded(key) limit $5 for update`,
    [consumer, entity, after, floor, limit],
  );
  const parked = rows.filter((row) => row.parked).map(({ key }) => key);
  const waiting = await parkedChangesOf(tx, { consumer, entity }, parked);
  return rows.map(({ parked: _, ...row }) => ({ ...row, waiting: waiting.get(row.key) ?? [] }));
}

async function parkedChangesOf(
  tx: ClientBase,
  { consumer, entity }: Place,
  keys: readonly string[],
): Promise<Map<string, WaitingChange[]>> {
  const waiting = new Map<string, WaitingChange[]>();
  if (keys.length === 0) return waiting;
  const { rows } = await tx.query<{
    key: string;
    change_id: string | null;
    topic: string;
    partition: number;
    offset: bigint;
    epoch: string | null;
  }>(
    `select key, change_id, topic, partition, "offset", headers -> 'epoch' ->> -1 as epoch from runtime.parked_changes
     where consumer = $1 and entity = $2 and key = any($3)`,
    [consumer, entity, keys],
  );
  for (const { key, change_id: changeId, epoch, ...place } of rows) {
    const change = { changeId, ...place, epoch: epochOfHeader(epoch) };
    waiting.set(key, [...(waiting.get(key) ?? []), change]);
  }
  return waiting;
}

/** Notes that keys are gone as of a position. */
export async function noteGone(
  tx: ClientBase,
  { consumer, entity }: Place,
  keys: readonly string[],
  position: Position,
): Promise<void> {
  await tx.query(
    'update runtime.guards set position = $4, deleted = true where consumer = $1 and entity = $2 and key = any($3)',
    [consumer, entity, keys, position],
  );
}

/** Has the parked ones among the keys tried again now. */
export async function retryParked(
  tx: ClientBase,
  { consumer, entity }: Place,
  keys: readonly string[],
  nowMs: number,
): Promise<void> {
  await tx.query(
    `update runtime.parked_keys set state = 'retrying', attempts = 0, next_attempt_at = to_timestamp($4 / 1000.0)
     where consumer = $1 and entity = $2 and key = any($3)`,
    [consumer, entity, keys, nowMs],
  );
}

/** Locks the command until the transaction ends. @returns false when it is done, or another process has it in hand */
export async function lockSweep(tx: ClientBase, commandId: bigint): Promise<boolean> {
  const { rowCount } = await tx.query(
    `select from runtime.commands where id = $1 and state = 'pending' for update skip locked`,
    [String(commandId)],
  );
  return rowCount === 1;
}

/** Notes, for those who wait for the sweep, how many records the group has to handle before it. */
export async function noteBehind(
  db: Pick<Pool, 'query'>,
  commandId: bigint,
  behind: bigint,
): Promise<void> {
  await db.query(
    `update runtime.commands set result = jsonb_build_object('behind', $2::bigint) where id = $1 and state = 'pending'`,
    [String(commandId), String(behind)],
  );
}

/** Adds to the number of keys swept, which is with the command from the first one on. */
export async function countSwept(tx: ClientBase, commandId: bigint, keys: number): Promise<void> {
  await tx.query(
    `update runtime.commands
     set result = jsonb_build_object('done', coalesce((result ->> 'done')::bigint, 0) + $2::bigint) where id = $1`,
    [String(commandId), keys],
  );
}

/** Closes the command before anything was removed. @returns false when another process has it in hand, or did it */
export async function refuseSweep(
  pool: Pool,
  commandId: bigint,
  refusal: { readonly error: string } & SweepExtent,
): Promise<boolean> {
  return await inTransaction(pool, async (tx) => {
    if (!(await lockSweep(tx, commandId))) return false;
    await tx.query(
      `update runtime.commands set state = 'failed', done_at = now(), result = $2 where id = $1`,
      [String(commandId), JSON.stringify(refusal)],
    );
    return true;
  });
}

/** Closes the command. @returns undefined when another process did, or has it in hand */
export async function finishSweep(
  pool: Pool,
  commandId: bigint,
  refused: readonly SweepRefusal[],
): Promise<{ readonly matched: number; readonly done: number } | undefined> {
  return await inTransaction(pool, async (tx) => {
    if (!(await lockSweep(tx, commandId))) return undefined;
    const { rows } = await tx.query<{ matched: number; done: number }>(
      `update runtime.commands c
       set state = 'done', done_at = now(),
           result = jsonb_build_object('matched', s.done + $2::int, 'done', s.done, 'refused', $3::jsonb)
       from (select coalesce((result ->> 'done')::int, 0) as done from runtime.commands where id = $1) as s
       where c.id = $1 returning s.done, s.done + $2::int as matched`,
      [String(commandId), refused.length, JSON.stringify(refused.slice(0, MAX_REFUSALS_TOLD))],
    );
    return rows[0];
  });
}
