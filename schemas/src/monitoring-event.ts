import {
  type Change,
  type ColumnValue,
  changedColumns,
  type RecordPlace,
  UNCHANGED,
} from './change.ts';
import type { MonitoringEvent, ReportedError, Stage } from './generated/monitoring-event.ts';

/** A changed column as a report shows it: short texts; null stands for SQL's null, a missing side for no value. */
export interface ReportedColumn {
  readonly column: string;
  readonly before?: string | null;
  readonly after?: string | null;
}

/**
 * What `details` may hold; a reader ignores members it does not know.
 *
 * On the wire it is the text of one JSON object: `changed` is a list of structures, which a map of strings
 * could only hold as JSON inside its values; the monitor stores the text the way it comes, and new
 * members need no new schema.
 */
export interface ReportDetails {
  readonly entity?: string;
  readonly op?: string;
  /** Whether the change was read by a snapshot; such reports are counted apart. */
  readonly snapshot?: boolean;
  /** When Debezium handled the change, Unix microseconds as text (beyond what JSON numbers hold). */
  readonly debeziumAtUs?: string;
  /** When the broker appended the record, Unix milliseconds. */
  readonly brokerAtMs?: number;
  /** Of the record's key and value; in `captured` reports of large records only. */
  readonly recordBytes?: number;
  readonly changed?: readonly ReportedColumn[];
  /** Changed columns that did not fit. */
  readonly changedOmitted?: number;
  readonly [other: string]: unknown;
}

/** A step of any kind of event. */
interface StepOptions {
  readonly stage: Stage;
  /** Who made the step: capture, producer-api, or the name of a consumer. */
  readonly service: string;
  /** INSTANCE_ID of the reporting process. */
  readonly instance: string;
  /** When the step was finished, Unix microseconds. */
  readonly atUs: bigint;
  readonly durationUs?: bigint | undefined;
  /** From 1, which is the default. */
  readonly attempt?: number;
  /** How often the change was redriven before, each time of which counts its attempts from 1; default 0. */
  readonly round?: number;
  readonly error?: ReportedError | undefined;
  readonly traceId?: string;
  readonly details?: ReportDetails | undefined;
}

export interface ReportOptions extends StepOptions {
  readonly change: Change;
}

export interface RecordReportOptions extends StepOptions {
  readonly record: RecordPlace;
  /** Of the change in the record, where that much is known; by default the record's place is its id. */
  readonly eventId?: string | undefined;
  readonly key: string | null;
  /** Unix microseconds: the record's time, in place of that of the change in it. */
  readonly occurredAtUs: bigint;
}

export interface ShortenOptions {
  /** Columns whose values are never shown. */
  readonly maskedColumns?: ReadonlySet<string>;
  /** Characters of a value; default 100. */
  readonly maxValueLength?: number;
  /** Columns; default 20. */
  readonly maxColumns?: number;
}

const DEFAULT_MAX_VALUE_LENGTH = 100;
const DEFAULT_MAX_COLUMNS = 20;
const MAX_ERROR_LENGTH = 2_000;
const MASK = '•••';

/** The report of one step of a change. The same step of the same change always has the same id. */
export function reportOf({ change, ...step }: ReportOptions): MonitoringEvent {
  const { id: eventId, record, key, occurredAtUs, traceId } = change;
  const trace = traceId === undefined ? {} : { traceId };
  return reportOfRecord({ ...trace, ...step, eventId, record, key, occurredAtUs });
}

/** The report of one step of a record in which no change can be read, or of many at once from it on. */
export function reportOfRecord(options: RecordReportOptions): MonitoringEvent {
  const { record, stage, service, instance, atUs, attempt = 1, round = 0, error } = options;
  const { topic, partition, offset } = record;
  const eventId = options.eventId ?? `${topic}/${partition}/${offset}`;
  return {
    id: reportId({ eventId, service, stage, attempt, round }),
    eventId,
    stage,
    service,
    instance,
    topic,
    partition,
    offset,
    key: options.key,
    occurredAt: options.occurredAtUs,
    at: atUs,
    durationUs: options.durationUs ?? null,
    attempt,
    error:
      error === undefined
        ? null
        : { type: error.type, message: shorten(error.message, MAX_ERROR_LENGTH) },
    traceId: options.traceId ?? null,
    details: options.details === undefined ? null : JSON.stringify(options.details),
  };
}

/** Id of a report: a function of what it is about, so that a step repeated after a crash repeats its id. */
export function reportId(about: {
  readonly eventId: string;
  readonly service: string;
  readonly stage: Stage;
  /** From 1. */
  readonly attempt: number;
  /** How often the change was redriven before; default 0. */
  readonly round?: number;
}): string {
  const { eventId, service, stage, attempt, round = 0 } = about;
  return `${eventId}/${service}/${stage}/${round === 0 ? attempt : `${round}.${attempt}`}`;
}

/** How often the change had been redriven before the step of a report; 0 where its id does not say. */
export function reportRound({ id }: Pick<MonitoringEvent, 'id'>): number {
  return Number(/\/(\d{1,9})\.\d+$/.exec(id)?.[1] ?? 0);
}

/** Details of a `captured` or `published` report: when, what kind, and the changed columns in short. */
export function captureDetails(change: Change, options: ShortenOptions = {}): ReportDetails {
  const columns = changedColumns(change);
  const shown = columns.slice(0, options.maxColumns ?? DEFAULT_MAX_COLUMNS);
  return {
    entity: change.entity,
    op: change.op,
    snapshot: change.source?.snapshot ?? false,
    ...(change.debeziumAtUs === null ? {} : { debeziumAtUs: change.debeziumAtUs.toString() }),
    brokerAtMs: change.brokerAtMs,
    changed: shown.map(({ column, before, after }) => {
      const text = (value: ColumnValue) => valueText(column, value, options);
      return {
        column,
        ...(before === undefined || before === UNCHANGED ? {} : { before: text(before) }),
        ...(after === undefined ? {} : { after: text(after) }),
      };
    }),
    ...(columns.length > shown.length ? { changedOmitted: columns.length - shown.length } : {}),
  };
}

/** The details of a report; an empty object when there are none or they are no JSON object. */
export function parseDetails(event: Pick<MonitoringEvent, 'details'>): ReportDetails {
  if (event.details === null) return {};
  try {
    const details: unknown = JSON.parse(event.details);
    return isDetails(details) ? details : {};
  } catch {
    return {};
  }
}

/** Narrowing only: every member is optional, and readers check what they use. */
function isDetails(value: unknown): value is ReportDetails {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueText(column: string, value: ColumnValue, options: ShortenOptions): string | null {
  if (value === null) return null;
  if (options.maskedColumns?.has(column)) return MASK;
  const text = plainText(value, options.maskedColumns);
  return shorten(text, options.maxValueLength ?? DEFAULT_MAX_VALUE_LENGTH);
}

function plainText(value: ColumnValue, masked: ReadonlySet<string> = new Set()): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'object') {
    return JSON.stringify(value, (name, part) => {
      if (masked.has(name) && part !== null) return MASK;
      return typeof part === 'bigint' ? part.toString() : part;
    });
  }
  return String(value);
}

/** Cuts text between characters, never inside a surrogate pair, which no encoder would take. */
function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const cut = text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, '');
  return `${cut}…`;
}
