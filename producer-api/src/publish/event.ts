import type { AvroRecord } from '../contract/compile-check.ts';

/** An event that passed every check, as it will be written. */
export interface AcceptedEvent {
  /** Of this event alone; independent of the id its sender gave it. */
  readonly id: string;
  readonly topic: string;
  readonly key: string | null;
  /** What it says, for its report. */
  readonly value: AvroRecord;
  /** The same in the Confluent wire format. */
  readonly bytes: Buffer;
  /** Kafka headers beside those that name the event. */
  readonly headers: Readonly<Record<string, string>>;
  /** Who was let in. */
  readonly caller: string;
  /** CloudEvents context the caller gave; a plain event has none. */
  readonly source: string | undefined;
  readonly sourceId: string | undefined;
  readonly type: string | undefined;
  readonly subject: string | undefined;
  /** When this API accepted it, by its own clock; Unix microseconds. */
  readonly acceptedAtUs: bigint;
  /** W3C trace id, 32 lower-case hex digits. */
  readonly traceId: string | undefined;
  /** Of the caller's span, 16 lower-case hex digits. */
  readonly parentSpanId: string | undefined;
}

/** What a caller is told of an event that is durable. */
export interface Receipt {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the broker appended it (RFC 3339). */
  readonly timestamp: string;
}
