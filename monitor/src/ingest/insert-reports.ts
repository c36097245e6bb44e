import type { ClientBase } from 'pg';
import type { ReportRow } from '../reports/report-row.ts';
import { arrayLiteral } from './array-literal.ts';

/** A report and the id of its series. */
export interface NumberedRow {
  readonly row: ReportRow;
  readonly series: number;
}

const INSERT = `
  insert into monitoring.reports (occurred_at, at, duration_us, "offset", series_id, partition, attempt, event_id, report_key, key,
    instance, trace_id, error_type, error_message, details)
  select timestamptz 'epoch' + occurred_us * interval '1 microsecond', timestamptz 'epoch' + at_us * interval '1 microsecond',
    duration_us, "offset", series_id, partition, attempt, event_id, report_key, key, instance, trace_id, error_type, error_message, details
  from unnest($1::float8[], $2::float8[], $3::int8[], $4::int8[], $5::int4[], $6::int4[], $7::int4[], $8::text[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
    as r(occurred_us, at_us, duration_us, "offset", series_id, partition, attempt, event_id, report_key, key, instance, trace_id,
      error_type, error_message, details)
  on conflict do nothing`;

/**
 * Stores reports in one statement; those that are there already stay as they are.
 * @param beforeSome called, before anything is stored, when some are there already
 * @returns those that are new
 */
export async function insertReports<Row extends NumberedRow>(
  tx: ClientBase,
  rows: readonly Row[],
  beforeSome: () => Promise<void>,
): Promise<readonly Row[]> {
  // Nearly always all are new: only where some are not is it worth asking which.
  await tx.query('savepoint reports');
  const values = columnsOf(rows);
  const all = await tx.query({ name: 'insert-reports', text: INSERT, values });
  if (all.rowCount === rows.length) return rows;
  await tx.query('rollback to savepoint reports');
  await beforeSome();
  const some = await tx.query<{ event_id: string; series_id: number; report_key: string }>({
    name: 'insert-new-reports',
    text: `${INSERT} returning event_id, series_id, report_key`,
    values,
  });
  const unmatched = new Set(
    some.rows.map(({ event_id, series_id, report_key }) => keyOf(event_id, series_id, report_key)),
  );
  // The first of several in one batch is the one that was stored.
  return rows.filter(({ row, series }) =>
    unmatched.delete(keyOf(row.eventId, series, row.reportKey)),
  );
}

function columnsOf(rows: readonly NumberedRow[]): unknown[] {
  const column = (of: (row: ReportRow) => string | number | null) =>
    arrayLiteral(rows.map(({ row }) => of(row)));
  return [
    column((row) => row.occurredAtUs),
    column((row) => row.atUs),
    column((row) => digits(row.durationUs)),
    column((row) => digits(row.offset)),
    arrayLiteral(rows.map(({ series }) => series)),
    column((row) => row.partition),
    column((row) => row.attempt),
    column((row) => row.eventId),
    column((row) => row.reportKey),
    column((row) => row.key),
    column((row) => row.instance),
    column((row) => row.traceId),
    column((row) => row.errorType),
    column((row) => row.errorMessage),
    column((row) => row.details),
  ];
}

const digits = (value: bigint | null): string | null => (value === null ? null : String(value));

function keyOf(eventId: string, series: number, reportKey: string): string {
  return `${series}\n${reportKey}\n${eventId}`;
}
