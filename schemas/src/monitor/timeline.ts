import type { LiveEvent } from './live.ts';

// The way of one event, as the monitor answers it. Types only: browsers import it.

/** One step of the way: a report, or a time that the `captured` report knows of. */
export interface TimelineStage {
  /** A stage of a report, or `committed`, `accepted` (a manual event), `decoded` (Debezium), `appended` (the broker). */
  readonly stage: string;
  readonly service: string;
  /** Unix microseconds. */
  readonly atUs: number;
  /** Since the commit, or since an event was accepted. */
  readonly sinceCommitMs: number;
  /** Since what this step had to wait for, which is `after`; never negative. */
  readonly gapMs: number;
  /** The step that `gapMs` counts from; null for the first. */
  readonly after: { readonly stage: string; readonly service: string } | null;
  /** By how much the clocks of the two steps contradict each other at least; 0 when they do not. */
  readonly clockSkewMs: number;
  /** Null for a step that no report is about. */
  readonly report: LiveEvent | null;
}

/** Where an event is with one consumer. */
export interface TimelineService {
  readonly service: string;
  /**
   * `processed`, `skipped` and `discarded` are the end of the way; `waiting`: failed or parked, to be tried again;
   * `deadLettered`: a person has to decide; `missing`: it reads the topic, and has not reported.
   */
  readonly state: 'processed' | 'skipped' | 'discarded' | 'waiting' | 'deadLettered' | 'missing';
  /** Commit to the end of the way; null while it goes on. */
  readonly sinceCommitMs: number | null;
  /** Whether it reads the topic at present. One that has reported and does not was stopped, or reads it no longer. */
  readonly expected: boolean;
}

/** `GET /api/events/{eventId}` */
export interface Timeline {
  readonly eventId: string;
  readonly topic: string;
  readonly partition: number | null;
  /** A 64-bit number, as text. */
  readonly offset: string | null;
  readonly key: string | null;
  /** Unix microseconds. */
  readonly committedAtUs: number;
  /** In the order of their times. */
  readonly stages: readonly TimelineStage[];
  readonly services: readonly TimelineService[];
  /** Stages that have to come, or should have come. */
  readonly missing: readonly { readonly stage: string; readonly service: string }[];
  /** Every consumer that reads the topic is through. */
  readonly complete: boolean;
  /** Some step ended before the one it followed: the clocks of two machines disagree. */
  readonly clockSkew: boolean;
}

/** `GET /api/events` */
export interface EventPage {
  /** Reports, by the time of their commit, the newest first. */
  readonly items: readonly LiveEvent[];
  /** For the next page; null on the last. */
  readonly nextCursor: string | null;
}

/** `GET /api/events/{eventId}/record`: a record as Kafka has it, decoded. 64-bit numbers and decimals are texts. */
export interface DecodedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  /** The broker's clock, Unix milliseconds. */
  readonly timestampMs: number;
  readonly key: unknown;
  readonly keySchemaId: number | null;
  readonly valueSchemaId: number | null;
  /** Of a captured change: `c`, `u`, `d`, `r` or `t`; null for other events. */
  readonly op: string | null;
  readonly before: unknown;
  readonly after: unknown;
  /** Debezium's block about the source; null for other events. */
  readonly source: unknown;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly sizeBytes: number;
  /** Why the value could not be read; null when it was. */
  readonly unreadable: string | null;
}
