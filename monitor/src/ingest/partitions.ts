import { ADVISORY_LOCKS } from '@shelfcast/service-kit/postgres/advisory-locks';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Pool, PoolClient } from 'pg';

const MS_PER_DAY = 86_400_000;
/** Made before they are needed, so that a process that stands still for a night misses none. */
const DAYS_AHEAD = 2;
/** Adding or dropping a partition blocks all reads and writes of reports, also while it waits for its lock. */
/** Adding or dropping a partition blocks all reads and writes of reports, also while it waits for its lock. */
const LOCK_TIMEOUT_MS = 2_000;

export interface PartitionPlan {
  /** Days without a partition, as `YYYY-MM-DD` (UTC). */
  readonly make: readonly string[];
  /** Partitions of days that are kept no longer, by name. */
  readonly drop: readonly string[];
}

/** What is to be done so that there is a partition for every day that is kept and for those to come. */
export function planPartitions(
  existing: readonly string[],
  { nowMs, retentionDays }: { readonly nowMs: number; readonly retentionDays: number },
): PartitionPlan {
  const today = Math.floor(nowMs / MS_PER_DAY);
  const first = today - retentionDays;
  const days = Array.from({ length: retentionDays + DAYS_AHEAD + 1 }, (_, nr) => dayOf(first + nr));
  const wanted = new Set(days.map(partitionOf));
  const firstName = partitionOf(dayOf(first));
  return {
    make: days.filter((day) => !existing.includes(partitionOf(day))),
    // Names sort like days. What is further ahead than planned was made by a clock ahead of ours.
    drop: existing.filter((name) => !wanted.has(name) && name < firstName),
  };
}

/**
 * Makes the partitions of days to come and drops those of days that are kept no longer.
 * @returns what was done; nothing while another process does it
 */
export async function maintainPartitions(
  pool: Pool,
  options: { readonly nowMs: number; readonly retentionDays: number },
): Promise<PartitionPlan> {
  return await inTransaction(pool, async (tx) => {
    const { rows: locks } = await tx.query<{ held: boolean }>(
      'select pg_try_advisory_xact_lock($1) as held',
      [ADVISORY_LOCKS.reportPartitions],
    );
    if (locks[0]?.held !== true) return { make: [], drop: [] };
    await tx.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    const { rows } = await tx.query<{ name: string }>(
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
       where i.inhparent = 'monitoring.reports'::regclass and c.relname ~ '^reports_\\d{8}$'`,
    );
    const plan = planPartitions(
      rows.map(({ name }) => name),
      options,
    );
    for (const day of plan.make) await makePartition(tx, day);
    for (const name of plan.drop) await tx.query(`drop table monitoring.${name}`);
    await forgetElsewhen(tx, options);
    return plan;
  });
}

/** A report belongs to its day's partition, so what the default partition holds of the day moves there with it. */
async function makePartition(tx: PoolClient, day: string): Promise<void> {
  const name = `monitoring.${partitionOf(day)}`;
  const next = dayOf(Date.parse(`${day}T00:00:00Z`) / MS_PER_DAY + 1);
  const [from, to] = [`'${day} 00:00:00+00'`, `'${next} 00:00:00+00'`];
  await tx.query('lock table monitoring.reports_default in access exclusive mode');
  await tx.query(`create table ${name} (like monitoring.reports including all)`);
  await tx.query(
    `with moved as (
       delete from monitoring.reports_default where occurred_at >= ${from} and occurred_at < ${to} returning *)
     insert into ${name} select * from moved`,
  );
  await tx.query(
    `alter table monitoring.reports attach partition ${name} for values from (${from}) to (${to})`,
  );
}

/** Reports without a day of their own go by the time of their step; one beyond tomorrow is no time at all. */
async function forgetElsewhen(
  tx: PoolClient,
  { nowMs, retentionDays }: { readonly nowMs: number; readonly retentionDays: number },
): Promise<void> {
  await tx.query(
    `delete from monitoring.reports_default
     where at < to_timestamp($1::float8) or at > to_timestamp($2::float8)`,
    [(nowMs - retentionDays * MS_PER_DAY) / 1000, (nowMs + MS_PER_DAY) / 1000],
  );
}

function dayOf(daysSinceEpoch: number): string {
  return new Date(daysSinceEpoch * MS_PER_DAY).toISOString().slice(0, 10);
}

function partitionOf(day: string): string {
  return `reports_${day.replaceAll('-', '')}`;
}
