import { ADVISORY_LOCKS } from '@shelfcast/service-kit/postgres/advisory-locks';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Pool, PoolClient } from 'pg';
import { fromStored, insertNumbers, STORED_NUMBERS, type StoredNumbers } from './store-numbers.ts';
import { bucketOf, createTally, type NumbersRow } from './tally.ts';

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** How long buckets are kept as they are; then they become parts of the next coarser ones, in seconds. */
const LEVELS = [
  { stepSeconds: 10, keptSeconds: 2 * HOUR, becomes: 60 },
  { stepSeconds: 60, keptSeconds: 2 * DAY, becomes: HOUR },
] as const;

/** Rows in one transaction. */
const LIMIT = 5_000;

/** The sums of rows, in buckets of a coarser step where one is given. */
export function rolledUp(rows: readonly NumbersRow[], stepSeconds?: number): NumbersRow[] {
  const tally = createTally();
  for (const row of rows) {
    const step = stepSeconds ?? row.stepSeconds;
    tally.merge({ ...row, stepSeconds: step, bucket: bucketOf(row.bucket * 1000, step) });
  }
  return tally.rows();
}

/**
 * Replaces rows by their sums: those of one place that writers added one by one, and those of buckets old enough for
 * a coarser step. A reader meanwhile sees all of one or all of the other.
 * @returns how many rows were replaced; 0 while another process does it
 */
export async function rollUp(
  pool: Pool,
  { nowMs, retentionDays }: { readonly nowMs: number; readonly retentionDays: number },
): Promise<number> {
  const now = nowMs / 1000;
  return await inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ held: boolean }>(
      'select pg_try_advisory_xact_lock($1) as held',
      [ADVISORY_LOCKS.rollUp],
    );
    if (rows[0]?.held !== true) return 0;
    let replaced = await mergeRows(tx);
    for (const { stepSeconds, keptSeconds, becomes } of LEVELS) {
      const before = bucketOf((now - keptSeconds) * 1000, becomes);
      const old = await takeRows(tx, 'step_seconds = $1 and bucket < to_timestamp($2)', [
        stepSeconds,
        before,
      ]);
      await insertNumbers(tx, rolledUp(old, becomes));
      replaced += old.length;
    }
    await tx.query('delete from monitoring.numbers where bucket < to_timestamp($1)', [
      now - retentionDays * DAY,
    ]);
    return replaced;
  });
}

/** Of the finest buckets, rows of one place become one. */
async function mergeRows(tx: PoolClient): Promise<number> {
  const { stepSeconds } = LEVELS[0];
  const many = await takeRows(
    tx,
    `step_seconds = $1 and (bucket, service, stage, kind) in (
       select bucket, service, stage, kind from monitoring.numbers
       where step_seconds = $1 group by 1, 2, 3, 4 having count(*) > 1)`,
    [stepSeconds],
  );
  await insertNumbers(tx, rolledUp(many));
  return many.length;
}

async function takeRows(
  tx: PoolClient,
  condition: string,
  values: readonly unknown[],
): Promise<NumbersRow[]> {
  const { rows } = await tx.query<StoredNumbers>(
    `delete from monitoring.numbers where ctid in (
       select ctid from monitoring.numbers where ${condition} limit ${LIMIT})
     returning ${STORED_NUMBERS}`,
    [...values],
  );
  return rows.map(fromStored);
}
