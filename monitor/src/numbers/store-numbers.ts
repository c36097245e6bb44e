import type { ReportKind } from '@shelfcast/schemas/monitor/numbers';
import type { ClientBase } from 'pg';
import type { SketchReader } from './sketch.ts';
import type { NumbersRow, ReadRow } from './tally.ts';

/** Adds rows; they are never changed. */
export async function insertNumbers(tx: ClientBase, rows: readonly NumbersRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query({
    name: 'insert-numbers',
    text: `
      insert into monitoring.numbers (bucket, step_seconds, service, stage, kind, count, latency)
      select to_timestamp(bucket), step_seconds, service, stage, kind, count, latency
      from unnest($1::float8[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::int8[], $7::bytea[])
        as n(bucket, step_seconds, service, stage, kind, count, latency)`,
    values: [
      rows.map(({ bucket }) => bucket),
      rows.map(({ stepSeconds }) => stepSeconds),
      rows.map(({ service }) => service),
      rows.map(({ stage }) => stage),
      rows.map(({ kind }) => kind),
      rows.map(({ count }) => count),
      rows.map(({ latency }) => latency),
    ],
  });
}

export interface StoredNumbers {
  readonly bucket: number;
  readonly step_seconds: number;
  readonly service: string;
  readonly stage: string;
  readonly kind: ReportKind;
  readonly count: bigint;
  readonly latency: Buffer | null;
}

/** The columns of a row as `fromStored` wants them. */
export const STORED_NUMBERS =
  'extract(epoch from bucket)::float8 as bucket, step_seconds, service, stage, kind, count, latency';

export function fromStored({ step_seconds, count, ...rest }: StoredNumbers): NumbersRow {
  return { ...rest, stepSeconds: step_seconds, count: Number(count) };
}

/** Rows of the buckets that begin in a time, Unix seconds, the end not included. */
export async function readNumbers(
  db: Pick<ClientBase, 'query'>,
  sketches: SketchReader,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<ReadRow[]> {
  const { rows } = await db.query<StoredNumbers>(
    `select ${STORED_NUMBERS} from monitoring.numbers
     where bucket >= to_timestamp($1::float8) and bucket < to_timestamp($2::float8)`,
    [from, to],
  );
  return rows.map(fromStored).map((row) => ({
    ...row,
    latency: row.latency === null ? null : sketches.decode(row.latency),
  }));
}
