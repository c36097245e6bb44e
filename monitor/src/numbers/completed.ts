import type { ReportKind } from '@shelfcast/schemas/monitor/numbers';
import { groupBy } from '@shelfcast/service-kit/group-by';
import type { ClientBase } from 'pg';
import type { ReportRow } from '../reports/report-row.ts';
import type { CountedReport } from './count-reports.ts';

/** Stages after which a consumer is through with an event. */
export const HANDLED_STAGES: ReadonlySet<string> = new Set(['processed', 'skipped']);

/** An event of which the last consumer that reads its topic is through now. */
export interface CompletedEvent {
  readonly kind: ReportKind;
  readonly occurredAtUs: number;
  /** When the slowest consumer was through for the first time. */
  readonly atUs: number;
}

/** One report of a consumer that is through with an event. */
export interface HandledReport {
  readonly service: string;
  readonly stage: string;
  readonly atUs: number;
}

/** Which services are expected to report on events of a topic. */
export type ExpectedServices = (topic: string) => ReadonlySet<string>;

/**
 * When the last of the expected services was through, if all are; undefined while one is missing, and for an event
 * that none of them used.
 */
export function completedAt(
  reports: readonly HandledReport[],
  expected: ReadonlySet<string>,
): number | undefined {
  if (expected.size === 0 || !reports.some(({ stage }) => stage === 'processed')) return undefined;
  const first = new Map<string, number>();
  for (const { service, atUs } of reports) {
    if (expected.has(service)) first.set(service, Math.min(atUs, first.get(service) ?? atUs));
  }
  return first.size < expected.size ? undefined : Math.max(...first.values());
}

/** What was reported of events before, by `eventKey`. */
export type EarlierReports = ReadonlyMap<string, readonly HandledReport[]>;

/**
 * What was reported before of the events that some reports are about. To be asked in the transaction that stores the
 * reports, before they are stored: reports of one event come from one partition, so no other process adds any.
 */
export async function readEarlier(
  tx: ClientBase,
  reports: readonly CountedReport[],
  expectedOf: ExpectedServices,
): Promise<EarlierReports> {
  const events = new Map<string, ReportRow>();
  for (const { row } of reports) if (mayComplete(row, expectedOf)) events.set(eventKey(row), row);
  const asked = [...events.values()];
  const earlier = new Map<string, HandledReport[]>();
  if (asked.length === 0) return earlier;
  const { rows } = await tx.query<{ nr: number; service: string; stage: string; at_us: number }>({
    name: 'handled-reports',
    text: `
      select e.nr::int4 as nr, s.service, s.stage, (extract(epoch from r.at) * 1000000)::float8 as at_us
      from unnest($1::text[], $2::float8[]) with ordinality as e(event_id, occurred_us, nr)
      join monitoring.reports r on r.event_id = e.event_id
        and r.occurred_at = timestamptz 'epoch' + e.occurred_us * interval '1 microsecond'
      join monitoring.report_series s on s.id = r.series_id
      where s.stage = any($3)`,
    values: [
      asked.map(({ eventId }) => eventId),
      asked.map(({ occurredAtUs }) => occurredAtUs),
      [...HANDLED_STAGES],
    ],
  });
  for (const { nr, service, stage, at_us: atUs } of rows) {
    const row = asked[nr - 1];
    if (row === undefined) continue;
    const own = earlier.get(eventKey(row));
    if (own === undefined) earlier.set(eventKey(row), [{ service, stage, atUs }]);
    else own.push({ service, stage, atUs });
  }
  return earlier;
}

/**
 * Reports without those whose event all its consumers report on here, for the first time: if these are new, nothing was
 * reported of it before.
 */
export function needsEarlierReports(
  reports: readonly CountedReport[],
  expectedOf: ExpectedServices,
): readonly CountedReport[] {
  const relevant = reports.filter(({ row }) => mayComplete(row, expectedOf));
  return [...groupBy(relevant, ({ row }) => eventKey(row)).values()].flatMap((own) => {
    const expected = expectedOf(own[0]?.row.topic ?? '');
    const here = new Set(own.map(({ row }) => row.service));
    const isWhole = [...expected].every((service) => here.has(service));
    return isWhole && own.every(({ counting }) => counting.kind !== 'redriven') ? [] : own;
  });
}

/** Events that new reports complete; each event is found once. */
export function findCompleted(
  fresh: readonly CountedReport[],
  earlier: EarlierReports,
  expectedOf: ExpectedServices,
): CompletedEvent[] {
  const relevant = fresh.filter(({ row }) => mayComplete(row, expectedOf));
  return [...groupBy(relevant, ({ row }) => eventKey(row))].flatMap(([key, reports]) => {
    const [first] = reports;
    if (first === undefined) return [];
    const { topic, occurredAtUs } = first.row;
    const before = earlier.get(key) ?? [];
    const expected = expectedOf(topic);
    if (completedAt(before, expected) !== undefined) return [];
    const atUs = completedAt([...before, ...reports.map(({ row }) => row)], expected);
    return atUs === undefined ? [] : [{ kind: first.counting.kind, occurredAtUs, atUs }];
  });
}

function mayComplete({ stage, topic }: ReportRow, expectedOf: ExpectedServices): boolean {
  return HANDLED_STAGES.has(stage) && expectedOf(topic).size > 0;
}

function eventKey({ occurredAtUs, eventId }: ReportRow): string {
  return `${occurredAtUs} ${eventId}`;
}
