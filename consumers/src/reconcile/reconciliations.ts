import type { Pool } from 'pg';
import type { CheckResult, Difference } from './check.ts';
import type { Reason } from './judge.ts';
import type { ComparedTable } from './plan.ts';

const KEPT = 100;

export interface NotedCheck {
  readonly table: Pick<ComparedTable, 'consumer' | 'entity'>;
  readonly by: string;
  readonly startedAtMs: number;
  readonly result: CheckResult;
}

/** Notes what a check found. @returns the row's id in `runtime.reconciliations` */
export async function noteCheck(
  consumers: Pool,
  { table: { consumer, entity }, by, startedAtMs, result }: NotedCheck,
): Promise<string> {
  const { rows } = await consumers.query<{ id: string }>(
    `insert into runtime.reconciliations
       (consumer, entity, requested_by, started_at, source_rows, model_rows, in_flight, differences)
     values ($1, $2, $3, to_timestamp($4 / 1000.0), $5, $6, $7, $8) returning id::text`,
    [
      ...[consumer, entity, by, startedAtMs, result.sourceRows, result.modelRows, result.inFlight],
      JSON.stringify(countsOf(result.differences)),
    ],
  );
  await consumers.query(
    `delete from runtime.reconciliations where id in (
       select id from runtime.reconciliations where consumer = $1 and entity = $2 order by id desc offset ${KEPT})`,
    [consumer, entity],
  );
  return String(rows[0]?.id);
}

/** Notes what a repair left of the differences. */
export async function noteRepair(
  consumers: Pool,
  id: string,
  { repaired, left }: { readonly repaired: number; readonly left: readonly Difference[] },
): Promise<void> {
  await consumers.query(
    'update runtime.reconciliations set repaired = $2, differences = $3, ended_at = now() where id = $1',
    [id, repaired, JSON.stringify(countsOf(left))],
  );
}

/** Keys by reason. */
export function countsOf(differences: readonly Difference[]): Partial<Record<Reason, number>> {
  const counts: Partial<Record<Reason, number>> = {};
  for (const { reason } of differences) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}
