import type { EventPage } from '@shelfcast/schemas/monitor/timeline';
import type { Pool } from 'pg';
import type { SeriesStore } from '../ingest/series.ts';
import { fromStoredReport, REPORT_COLUMNS, type StoredReport } from '../reports/stored-report.ts';
import { encodeCursor, type PageCursor } from './cursor.ts';

/** Which reports are wanted; all conditions hold together. */
export interface EventFilter {
  readonly topic?: string | undefined;
  readonly key?: string | undefined;
  readonly stage?: string | undefined;
  readonly service?: string | undefined;
  /** The beginning of a key or event id, or any part of an error's type or message. */
  readonly q?: string | undefined;
  /** Commit time, Unix milliseconds: from inclusive, to exclusive. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

export interface ListOptions {
  readonly pool: Pool;
  readonly series: SeriesStore;
  readonly filter: EventFilter;
  readonly limit: number;
  readonly cursor?: PageCursor | undefined;
}

/** From so many keys on, the newest reports are looked through instead of those of the keys. */
const MANY_MATCHES = 5_000;
const FAILURE_STAGES = new Set(['failed', 'parked', 'deadLettered', 'discarded']);
const NEWEST_FIRST = 'r.occurred_at desc, r.event_id desc, r.series_id desc, r.report_key desc';
/** Greater than any text that begins the same way. */
const AFTER_ALL = '\u{10FFFF}';

/**
 * A page of reports, the newest commits first. Each series that the filter lets through is read from its index up to
 * the page's length, so a page takes as long on a full database as on an empty one.
 */
export async function listEvents(options: ListOptions): Promise<EventPage> {
  const { pool, series, filter, limit, cursor } = options;
  const wanted = (await series.all()).filter(
    ({ topic, service, stage }) =>
      (filter.topic === undefined || topic === filter.topic) &&
      (filter.service === undefined || service === filter.service) &&
      (filter.stage === undefined || stage === filter.stage),
  );
  if (wanted.length === 0) return { items: [], nextCursor: null };

  const isBroad = filter.q !== undefined && (await hasManyKeys(pool, filter.q));
  const values: unknown[] = [];
  const param = (value: unknown): string => `$${values.push(value)}`;
  const us = (value: number): string =>
    `timestamptz 'epoch' + ${param(value)}::float8 * interval '1 microsecond'`;
  const seriesIds = (only: typeof wanted): string =>
    `${param(only.map(({ series }) => series))}::int4[]`;
  const bounds: string[] = [];
  if (filter.fromMs !== undefined) bounds.push(`r.occurred_at >= ${us(filter.fromMs * 1000)}`);
  if (filter.toMs !== undefined) bounds.push(`r.occurred_at < ${us(filter.toMs * 1000)}`);
  if (cursor !== undefined) {
    const { occurredUs, eventId, series, reportKey } = cursor;
    const before = us(occurredUs);
    bounds.push(
      `r.occurred_at <= ${before}`,
      `(r.occurred_at, r.event_id, r.series_id, r.report_key) < (${before}, ${param(eventId)}::text, ${param(series)}::int4, ${param(reportKey)}::text)`,
    );
  }
  if (filter.key !== undefined) {
    const key = param(filter.key);
    bounds.push(`left(r.key, 128) = left(${key}::text, 128)`, `r.key = ${key}::text`);
  }
  const newest = `order by ${NEWEST_FIRST} limit ${param(limit + 1)}::int`;
  const where = (...conditions: string[]): string => [...bounds, ...conditions].join(' and ');
  const perSeries = (only: typeof wanted, ...conditions: string[]): string =>
    `(select r.* from unnest(${seriesIds(only)}) as w(id) cross join lateral (
        select * from monitoring.reports r where ${where('r.series_id = w.id', ...conditions)} ${newest}) r)`;
  const among = (...conditions: string[]): string =>
    `(select * from monitoring.reports r where ${where(`r.series_id = any(${seriesIds(wanted)})`, ...conditions)} ${newest})`;

  const sources =
    filter.q === undefined
      ? [filter.key === undefined ? perSeries(wanted) : among()]
      : searches(filter.q);

  function searches(q: string): string[] {
    const text = param(q);
    const after = param(q + AFTER_ALL);
    const beginsWith = [
      `left(r.key, 128) >= left(${text}::text, 128)`,
      `left(r.key, 128) < left(${after}::text, 128)`,
      `starts_with(r.key, ${text}::text)`,
    ];
    const failures = wanted.filter(({ stage }) => FAILURE_STAGES.has(stage));
    return [
      among(`r.event_id >= ${text}::text`, `r.event_id < ${after}::text`),
      isBroad ? perSeries(wanted, ...beginsWith) : among(...beginsWith),
      ...(failures.length === 0
        ? []
        : [
            perSeries(
              failures,
              `(strpos(lower(r.error_message), lower(${text}::text)) > 0 or strpos(lower(r.error_type), lower(${text}::text)) > 0)`,
            ),
          ]),
    ];
  }

  const { rows } = await pool.query<StoredReport>(
    `select ${REPORT_COLUMNS} from (${sources.join(' union ')}) r join monitoring.report_series s on s.id = r.series_id ${newest}`,
    values,
  );
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(fromStoredReport),
    nextCursor:
      rows.length > limit && last !== undefined
        ? encodeCursor({
            occurredUs: Number(last.occurred_us),
            eventId: last.event_id,
            series: last.series_id,
            reportKey: last.report_key,
          })
        : null,
  };
}

/** Whether sorting all reports whose keys begin so would take longer than finding some among the newest. */
async function hasManyKeys(pool: Pool, q: string): Promise<boolean> {
  const { rows } = await pool.query<{ matches: number }>(
    `select count(*)::int4 as matches from (
       select from monitoring.reports r
       where left(r.key, 128) >= $1::text and left(r.key, 128) < $2::text limit ${MANY_MATCHES}) m`,
    [q, q + AFTER_ALL],
  );
  return (rows[0]?.matches ?? 0) >= MANY_MATCHES;
}
