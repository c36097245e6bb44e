import { setTimeout as delay } from 'node:timers/promises';
import type { Watermark } from '@shelfcast/connect-config/initial-snapshot';
import {
  isConnectionError,
  isRetriableDatabaseError,
} from '@shelfcast/service-kit/postgres/errors';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { ClientBase, Pool } from 'pg';
import type { Rebuild } from '../runtime/contract/definition.ts';
import type { Gate } from './gate.ts';
import type { Generation } from './generation.ts';
import { copyGrants } from './grants.ts';
import { keysOfPublishers, mergeParked, mergePositions } from './merge.ts';
import { Refused } from './refused.ts';

export interface SwapOptions {
  readonly pool: Pool;
  readonly generation: Generation;
  readonly rebuild: Rebuild;
  readonly rebuildId: string;
  readonly gate: Gate;
  /** What the new generation has handled of each partition, at least. */
  readonly handled: readonly Watermark[];
  /** Where the same partitions end now. */
  readonly readEnds: () => Promise<readonly Watermark[]>;
  /** How long the live consumer may be made to wait: for each lock, and for the new generation to catch up. */
  readonly patienceMs: number;
}

/** Not now: another session holds a lock for long, or the new generation is too far behind. Nothing was changed. */
export class SwapPostponed extends Error {
  override readonly name = 'SwapPostponed';
  readonly code = 'SWAP_POSTPONED';
  readonly retriable = true;
}

/** Records that the new generation may be behind when the live consumer is made to wait for it. */
const CATCH_UP_RECORDS = 200n;

/**
 * Puts the new generation in the place of the one in use, in one transaction: the live consumer, which keeps its
 * offsets, waits for that moment and goes on in the new one.
 * @returns false where the rebuild was cancelled before
 * @throws {SwapPostponed}
 * @throws {Refused} when a resync sweeps the generation in use, or has swept it since the new one began
 */
export async function swap(options: SwapOptions): Promise<boolean> {
  const { pool, generation, gate, handled, readEnds } = options;
  const lag = await behind(pool, generation, { handled, ends: await readEnds() });
  if (lag > CATCH_UP_RECORDS) throw new SwapPostponed(`${lag} records behind the model in use`);
  try {
    return await inTransaction(pool, (tx) => swapIn(options, tx));
  } catch (error) {
    gate.open();
    // The lock timed out, or a deadlock with a session that waits for our lock.
    if (isConnectionError(error) || !isRetriableDatabaseError(error)) throw error;
    throw new SwapPostponed('another session holds a lock on the model in use', { cause: error });
  }
}

async function swapIn(
  { generation, rebuild, rebuildId, gate, handled, readEnds, patienceMs }: SwapOptions,
  tx: ClientBase,
): Promise<boolean> {
  const { live, schema, oldSchema, consumer: next } = generation;
  await tx.query(`set local lock_timeout = ${patienceMs}`);
  const { rowCount } = await tx.query(
    `select from runtime.rebuilds
     where id = $1 and ended_at is null and swapped_at is null and cancelled_by is null for update`,
    [rebuildId],
  );
  if (rowCount === 0) return false;
  await refuseIfSwept(tx, live, rebuildId);
  await copyGrants(tx, live, schema);
  await tx.query(`drop schema if exists ${oldSchema} cascade`);

  // Every batch of the live consumer shares these rows: from here on it waits.
  await tx.query('select from runtime.floors where consumer = $1 order by entity for update', [
    live,
  ]);
  const lockedAtMs = performance.now();
  const ends = await readEnds();
  await untilCaughtUp(tx, { generation, handled, ends, patienceMs });
  await closed(gate, patienceMs);
  // So do the retries of its parked changes, and its jobs.
  await tx.query(
    `select from runtime.guards g join runtime.parked_keys k using (consumer, entity, key)
     where k.consumer in ($1, $2) order by g.entity, g.key for update of g`,
    [live, next],
  );
  await lockTables(tx, live);

  const owned = await keysOfPublishers(tx, generation);
  await mergeParked(tx, generation);
  await mergePositions(tx, generation);
  await rebuild.onSwap({ tx, schema, oldSchema: live, owned });
  await tx.query(`alter schema ${live} rename to ${oldSchema}`);
  await tx.query(`alter schema ${schema} rename to ${live}`);
  await tx.query(
    `update runtime.rebuilds set swapped_at = now(), state = 'swapped', locked_ms = $2, updated_at = now() where id = $1`,
    [rebuildId, Math.round(performance.now() - lockedAtMs)],
  );
  return true;
}

/**
 * What a resync deletes from the generation in use, the new one may have: its rows would come back. No sweep can be asked
 * for until this transaction ends, and then it is one of the new generation.
 */
async function refuseIfSwept(tx: ClientBase, live: string, rebuildId: string): Promise<void> {
  await tx.query('lock table runtime.commands in share mode');
  const { rowCount } = await tx.query(
    `select from runtime.commands c join runtime.rebuilds r on r.id = $2
     where c.consumer = $1 and c.kind = 'sweep' and (c.state = 'pending' or c.requested_at > r.requested_at) limit 1`,
    [live, rebuildId],
  );
  if (rowCount === 0) return;
  throw new Refused('A resync went on at the same time: when it is done, ask again.');
}

interface Places {
  readonly handled: readonly Watermark[];
  readonly ends: readonly Watermark[];
}

/**
 * Records that the live consumer has handled and the new generation has not. What the live one handled beyond the end was
 * of a topic of this name that is gone: it cannot be caught up with.
 */
async function behind(
  db: Pick<ClientBase, 'query'>,
  { live, consumer: next }: Generation,
  { handled, ends }: Places,
): Promise<bigint> {
  const endOf = ({ topic, partition }: Watermark) =>
    ends.find((end) => end.topic === topic && end.partition === partition)?.offset.toString() ??
    null;
  const { rows } = await db.query<{ records: string }>(
    `select coalesce(sum(greatest(least(l.next_offset, b."end") - greatest(b."offset", n.next_offset, p.next_offset), 0)), 0)::text
       as records
     from unnest($3::text[], $4::int[], $5::bigint[], $6::bigint[]) as b(topic, partition, "offset", "end")
     join runtime.batches l on l.consumer = $1 and l.topic = b.topic and l.partition = b.partition
     left join runtime.batches n on n.consumer = $2 and n.topic = b.topic and n.partition = b.partition
     left join lateral (select max("offset") + 1 as next_offset from runtime.parked_changes c
       where c.consumer = $2 and c.topic = b.topic and c.partition = b.partition) as p on true`,
    [
      live,
      next,
      handled.map(({ topic }) => topic),
      handled.map(({ partition }) => partition),
      handled.map(({ offset }) => String(offset)),
      handled.map(endOf),
    ],
  );
  return BigInt(rows[0]?.records ?? 0);
}

async function untilCaughtUp(
  tx: ClientBase,
  {
    generation,
    patienceMs,
    ...places
  }: Pick<SwapOptions, 'generation' | 'handled' | 'patienceMs'> & Places,
): Promise<void> {
  for (const until = performance.now() + patienceMs; ; await delay(20)) {
    const lag = await behind(tx, generation, places);
    if (lag === 0n) return;
    if (performance.now() > until) {
      throw new SwapPostponed(`still ${lag} records behind after ${patienceMs} ms`);
    }
  }
}

async function closed(gate: Gate, patienceMs: number): Promise<void> {
  const tooLong = delay(patienceMs, 'tooLong' as const, { ref: false });
  if ((await Promise.race([gate.close(), tooLong])) === 'tooLong') {
    throw new SwapPostponed('the new generation has a batch in hand that does not end');
  }
}

/** Writers wait, readers do not. */
async function lockTables(tx: ClientBase, schema: string): Promise<void> {
  const { rows } = await tx.query<{ tables: string | null }>(
    `select string_agg(format('%I.%I', schemaname, tablename), ', ' order by tablename) as tables
     from pg_tables where schemaname = $1`,
    [schema],
  );
  const tables = rows[0]?.tables;
  if (tables != null) await tx.query(`lock table ${tables} in exclusive mode`);
}
