import { printable } from '@shelfcast/service-kit/process/print';
import Table from 'cli-table3';
import type { Difference } from './check.ts';
import type { Reason } from './judge.ts';
import { countsOf } from './reconciliations.ts';

const MOST_SHOWN = 50;

/** `3 lost`, for each reason. */
export function describeCounts(differences: readonly Difference[]): string[] {
  return Object.entries(countsOf(differences)).map(([reason, count]) => `${count} ${reason}`);
}

/** The first differences as a table, for a terminal. */
export function tableOf(differences: readonly Difference[]): string {
  const table = new Table({
    head: ['key', 'reason', 'source', 'read model', 'columns that differ'],
    style: { head: [], border: [] },
  });
  for (const { key, reason, columns, sight } of differences.slice(0, MOST_SHOWN)) {
    const cells = [
      key,
      reason,
      sight.source === undefined ? 'no row' : 'a row',
      sight.model.digest === null ? 'no row' : 'a row',
      columns.join(', '),
    ];
    table.push(cells.map(printable));
  }
  const more = differences.length - MOST_SHOWN;
  return more > 0 ? `${table.toString()}\n  … and ${more} more` : table.toString();
}

/** What to do about what differs, a line for each reason. */
export function remedies(consumer: string, differences: readonly Difference[]): string[] {
  const all: Readonly<Partial<Record<Reason, string>>> = {
    'dead letter': `make dead-letters CONSUMER=${consumer} says why, make redrive CONSUMER=${consumer} ALL=1 tries again`,
    paused: `make consumer-resume CONSUMER=${consumer}`,
    behind: 'make status shows what runs, make logs SERVICE=consumers why it does not get on',
    unsettled: 'these keys changed whenever they were looked at; the next check may tell',
    lost: `make reconcile CONSUMER=${consumer} REPAIR=1 reads them again`,
    extra: `make reconcile CONSUMER=${consumer} REPAIR=1 removes them`,
    'changed by hand': `make reconcile CONSUMER=${consumer} REPAIR=1 makes them what the source says`,
  };
  const reasons = new Set(differences.map(({ reason }) => reason));
  return [...reasons].flatMap((reason) => {
    const remedy = all[reason];
    return remedy === undefined ? [] : [`${reason}: ${remedy}`];
  });
}
