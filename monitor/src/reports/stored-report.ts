import type { Stage } from '@shelfcast/schemas/generated/monitoring-event';
import type { LiveEvent } from '@shelfcast/schemas/monitor/live';
import { STAGES } from '@shelfcast/schemas/monitor/stages';
import { parseDetails } from '@shelfcast/schemas/monitoring-event';

/** A row of `reports` with its series, as `REPORT_COLUMNS` selects it. */
export interface StoredReport {
  readonly event_id: string;
  readonly report_key: string;
  readonly series_id: number;
  readonly topic: string;
  readonly service: string;
  readonly stage: string;
  readonly instance: string;
  readonly partition: number | null;
  readonly offset: bigint | null;
  readonly key: string | null;
  readonly occurred_us: bigint;
  readonly at_us: bigint;
  readonly duration_us: bigint | null;
  readonly attempt: number;
  readonly error_type: string | null;
  readonly error_message: string | null;
  readonly trace_id: string | null;
  readonly details: string | null;
}

/** For a query from `reports r join report_series s on s.id = r.series_id`. */
export const REPORT_COLUMNS = `r.event_id, r.report_key, r.series_id, s.topic, s.service, s.stage, r.instance, r.partition, r."offset", r.key,
  (extract(epoch from r.occurred_at) * 1000000)::int8 as occurred_us, (extract(epoch from r.at) * 1000000)::int8 as at_us,
  r.duration_us, r.attempt, r.error_type, r.error_message, r.trace_id, r.details`;

/** Ends of ids that reports are given (`reportId`); any other is the whole id. */
const REPORT_KEY = /^\d+(\.\d+)?$/;

export function fromStoredReport(row: StoredReport): LiveEvent {
  const { event_id: eventId, report_key: reportKey, service, error_type: type } = row;
  return {
    id: REPORT_KEY.test(reportKey) ? `${eventId}/${service}/${row.stage}/${reportKey}` : reportKey,
    eventId,
    stage: stageOf(row.stage),
    service,
    instance: row.instance,
    topic: row.topic,
    partition: row.partition,
    offset: row.offset === null ? null : String(row.offset),
    key: row.key,
    occurredAtUs: Number(row.occurred_us),
    atUs: Number(row.at_us),
    durationUs: row.duration_us === null ? null : Number(row.duration_us),
    attempt: row.attempt,
    error: type === null ? null : { type, message: row.error_message ?? '' },
    traceId: row.trace_id,
    details: parseDetails(row),
  };
}

function stageOf(name: string): Stage {
  return STAGES.find((stage) => stage === name) ?? 'unknown';
}
