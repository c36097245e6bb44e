import type { ReportedColumn } from '@shelfcast/schemas/monitoring-event';
import { isObject } from '../../lib/api/problem.ts';

/** A column before and after; a side that is not there is undefined. */
export interface DiffRow {
  readonly column: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly isChanged: boolean;
}

/** A row before and after, the columns that changed first. Values are shown digit by digit, as they were read. */
export function diffRows(before: unknown, after: unknown): DiffRow[] {
  const old = isObject(before) ? before : undefined;
  const now = isObject(after) ? after : undefined;
  const columns = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  const rows = columns.map((column): DiffRow => {
    const was = sideText(old, column);
    const is = sideText(now, column);
    return { column, before: was, after: is, isChanged: was !== is };
  });
  return [...rows.filter(({ isChanged }) => isChanged), ...rows.filter((row) => !row.isChanged)];
}

/** The same from the short values of a report, for when the record itself is no longer there. */
export function reportedRows(changed: readonly ReportedColumn[]): DiffRow[] {
  return changed.map(({ column, before, after }) => ({
    column,
    before: before === undefined ? undefined : (before ?? 'null'),
    after: after === undefined ? undefined : (after ?? 'null'),
    isChanged: true,
  }));
}

/** A value as text: what JSON has as text stays the text it is. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined ? '' : JSON.stringify(value);
}

function sideText(
  side: Readonly<Record<string, unknown>> | undefined,
  column: string,
): string | undefined {
  const value = side?.[column];
  return value === undefined ? undefined : valueText(value);
}
