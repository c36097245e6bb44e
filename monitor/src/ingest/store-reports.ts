import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { Pool } from 'pg';
import {
  type ExpectedServices,
  findCompleted,
  needsEarlierReports,
  readEarlier,
} from '../numbers/completed.ts';
import { type CountedReport, countReports } from '../numbers/count-reports.ts';
import { insertNumbers } from '../numbers/store-numbers.ts';
import { insertReports } from './insert-reports.ts';
import type { SeriesStore } from './series.ts';

export interface StoreOptions {
  readonly pool: Pool;
  readonly series: SeriesStore;
  readonly expectedOf: ExpectedServices;
  /** How old a step may be to count for its own time, milliseconds. */
  readonly numbersRetentionMs: number;
  readonly nowMs: () => number;
}

/**
 * Stores reports and what they add to the numbers in one transaction: a report that comes again is neither stored nor
 * counted again.
 * @returns which of the reports are new
 */
export async function storeReports(
  { pool, series, expectedOf, numbersRetentionMs, nowMs }: StoreOptions,
  reports: readonly CountedReport[],
): Promise<ReadonlySet<CountedReport>> {
  const ids = await series.idsOf(reports.map(({ row }) => row));
  const numbered = reports.map((report, index) => ({
    report,
    row: report.row,
    series: ids[index] ?? 0,
  }));
  return await inTransaction(pool, async (tx) => {
    const apart = needsEarlierReports(reports, expectedOf);
    let earlier = await readEarlier(tx, apart, expectedOf);
    const stored = await insertReports(tx, numbered, async () => {
      if (apart.length < reports.length) earlier = await readEarlier(tx, reports, expectedOf);
    });
    const fresh = stored.map(({ report }) => report);
    const completed = findCompleted(fresh, earlier, expectedOf);
    const now = nowMs();
    const times = { nowMs: now, oldestMs: now - numbersRetentionMs };
    await insertNumbers(tx, countReports(fresh, completed, times));
    return new Set(fresh);
  });
}
