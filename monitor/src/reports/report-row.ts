import { createHash } from 'node:crypto';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';

/** A report as the database takes it: every text of a length that fits, every time one that Postgres has. */
export interface ReportRow {
  readonly topic: string;
  readonly service: string;
  readonly stage: string;
  readonly eventId: string;
  /** What tells it from other reports of its event, service and stage. */
  readonly reportKey: string;
  readonly instance: string;
  readonly partition: number | null;
  readonly offset: bigint | null;
  readonly key: string | null;
  /** Unix microseconds. */
  readonly occurredAtUs: number;
  readonly atUs: number;
  readonly durationUs: bigint | null;
  readonly attempt: number;
  readonly errorType: string | null;
  readonly errorMessage: string | null;
  readonly traceId: string | null;
  readonly details: string | null;
}

/** The years 1 to 9999; Postgres has more, readers may not. */
export const EARLIEST_US = -62_135_596_800_000_000;
export const LATEST_US = 253_402_300_799_000_000;
/** What an entry of an index can hold, four bytes a character, and all else a row has. */
const MAX_ID_LENGTH = 400;
const MAX_NAME_LENGTH = 200;
const MAX_TEXT_LENGTH = 4_000;
const MAX_DETAILS_LENGTH = 65_536;
const NUL = '\u0000';

/** The same report always gives the same row. */
export function toRow(event: MonitoringEvent): ReportRow {
  const { eventId, service, stage, id, error } = event;
  const prefix = `${eventId}/${service}/${stage}/`;
  return {
    topic: identifier(event.topic, MAX_ID_LENGTH),
    service: identifier(service, MAX_NAME_LENGTH),
    stage,
    eventId: identifier(eventId, MAX_ID_LENGTH),
    reportKey: identifier(id.startsWith(prefix) ? id.slice(prefix.length) : id, MAX_NAME_LENGTH),
    instance: text(event.instance, MAX_NAME_LENGTH),
    partition: event.partition,
    offset: event.offset,
    key: event.key === null ? null : text(event.key, MAX_TEXT_LENGTH),
    occurredAtUs: time(event.occurredAt),
    atUs: time(event.at),
    durationUs: event.durationUs,
    attempt: event.attempt,
    errorType: error === null ? null : text(error.type, MAX_NAME_LENGTH),
    errorMessage: error === null ? null : text(error.message, MAX_TEXT_LENGTH),
    traceId: event.traceId === null ? null : text(event.traceId, MAX_NAME_LENGTH),
    details:
      event.details === null || event.details.length > MAX_DETAILS_LENGTH
        ? null
        : text(event.details, MAX_DETAILS_LENGTH),
  };
}

/** Postgres has no place for NUL in a text. */
function text(value: string, maxLength: number): string {
  const cut = value.length > maxLength ? value.slice(0, maxLength) : value;
  return cut.includes(NUL) ? cut.replaceAll(NUL, '\uFFFD') : cut;
}

/** Of a text that is too long, its beginning and a digest of all of it: still one name for one thing. */
export function identifier(value: string, maxLength = MAX_ID_LENGTH): string {
  if (value.length <= maxLength) return text(value, maxLength);
  const digest = createHash('sha256').update(value).digest('hex');
  return `${text(value, maxLength - digest.length - 1)}…${digest}`;
}

function time(us: bigint): number {
  return Math.min(Math.max(Number(us), EARLIEST_US), LATEST_US);
}
