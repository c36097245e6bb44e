import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '@shelfcast/product-database/captured-tables';
import { z } from 'zod';
import { OperationError } from './connect-error.ts';

/** A replication slot as Postgres reports it (pg_replication_slots). */
export interface ReplicationSlot {
  readonly active: boolean;
  readonly walStatus: string | null;
  /** Bytes of WAL that cannot be freed because of the slot. */
  readonly retainedWalBytes: bigint;
  /** Bytes that may still be written before the slot is lost; null without a limit. */
  readonly safeWalSize: bigint | null;
  readonly invalidationReason: string | null;
  readonly confirmedFlushLsn: bigint | null;
  /** The session with the oldest transaction: the slot keeps WAL from its beginning on. Null: none is open. */
  readonly oldestTransaction: (Session & { readonly ageMs: number }) | null;
  /** Sessions whose transactions were open before the slot was asked for: it is made when they have ended. */
  readonly waitsFor: readonly Session[];
}

/** A session of the database server, as far as it is known. */
export type Session = z.output<typeof session>;

const session = z.object({
  /** 0: of a prepared transaction, which no session holds. */
  pid: z.number(),
  user: z.string().nullable(),
  application: z.string().nullable(),
});
const openTransaction = session.extend({ ageMs: z.number() });

/** The slot of that name; undefined when there is none. */
export async function readSlot(db: Queryable, name: string): Promise<ReplicationSlot | undefined> {
  const { rows } = await db.query<{
    active: boolean;
    wal_status: string | null;
    retained: string | null;
    safe_wal_size: string | null;
    invalidation_reason: string | null;
    confirmed: string | null;
    waits_for: string;
    oldest: string | null;
  }>(
    // to_jsonb: invalidation_reason exists from PostgreSQL 17 on
    `select active, wal_status, safe_wal_size,
            pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::bigint as retained,
            pg_wal_lsn_diff(confirmed_flush_lsn, '0/0')::bigint as confirmed,
            to_jsonb(slot) ->> 'invalidation_reason' as invalidation_reason,
            -- a slot that is being made waits for the locks of older transactions
            case when confirmed_flush_lsn is null then
              (select coalesce(json_agg(json_build_object(
                 'pid', b.pid, 'user', a.usename, 'application', nullif(a.application_name, ''))), '[]')
               from unnest(pg_blocking_pids(active_pid)) as b(pid) left join pg_stat_activity a using (pid))
            else '[]' end::text as waits_for,
            (select json_build_object('pid', pid, 'user', usename, 'application', application_name,
                                      'ageMs', extract(epoch from clock_timestamp() - begun)::float8 * 1000)::text
             from (select pid, usename, nullif(application_name, '') as application_name, xact_start as begun
                   from pg_stat_activity where backend_xid is not null
                   union all
                   select 0, owner, null, prepared from pg_prepared_xacts) as open
             order by begun limit 1) as oldest
     from pg_replication_slots as slot where slot_name = $1`,
    [name],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    active: row.active,
    walStatus: row.wal_status,
    retainedWalBytes: BigInt(row.retained ?? 0),
    safeWalSize: row.safe_wal_size === null ? null : BigInt(row.safe_wal_size),
    invalidationReason: row.invalidation_reason,
    confirmedFlushLsn: row.confirmed === null ? null : BigInt(row.confirmed),
    oldestTransaction: row.oldest === null ? null : openTransaction.parse(JSON.parse(row.oldest)),
    waitsFor: z.array(session).parse(JSON.parse(row.waits_for)),
  };
}

/** `session 4711 of alice (psql)`, and what ends its transaction in SQL. */
export function describeSession({ pid, user, application }: Session): {
  readonly name: string;
  readonly end: string;
} {
  if (pid === 0) {
    return { name: 'a prepared transaction', end: 'select gid, owner from pg_prepared_xacts' };
  }
  const program = application === null ? '' : ` (${application})`;
  return {
    name: `session ${pid} of ${user ?? 'an unknown user'}${program}`,
    end: `select pg_terminate_backend(${pid})`,
  };
}

/**
 * Drops a slot once nothing streams from it any more. A slot that does not exist is fine.
 *
 * @returns whether there was one
 * @throws OperationError `SLOT_ACTIVE` when it stays in use
 */
export async function dropSlot(
  db: Queryable,
  { name, timeoutMs = 30_000 }: { readonly name: string; readonly timeoutMs?: number },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const slot = await readSlot(db, name);
    if (slot === undefined) return false;
    if (!slot.active) {
      // Only while it is still inactive: a stream may have begun since.
      const { rowCount } = await db.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1 and not active',
        [name],
      );
      if (rowCount === 1) return true;
    }
    if (performance.now() > deadline) {
      throw new OperationError(
        'SLOT_ACTIVE',
        `Replication slot ${name} is still streamed from after ${timeoutMs / 1000} s: see select * from pg_stat_replication.`,
        { retriable: true },
      );
    }
    await sleep(200);
  }
}

/** The end of the WAL as a number, for comparing with offsets. */
export async function currentLsn(db: Queryable): Promise<bigint> {
  const { rows } = await db.query<{ lsn: string }>(
    "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint as lsn",
  );
  return BigInt(rows[0]?.lsn ?? 0);
}
