// Generated from avro/monitoring-event.avsc by `make codegen`: edit that file instead.

/** Steps of an event. A reader that does not know a newer step reads it as unknown. */
export type Stage =
  | 'unknown'
  | 'captured'
  | 'published'
  | 'processed'
  | 'skipped'
  | 'failed'
  | 'parked'
  | 'deadLettered'
  | 'redriven'
  | 'discarded'
  | 'forwarded';

export interface ReportedError {
  /** Code of the error, or its class. */
  readonly type: string;
  /** What went wrong, in words. */
  readonly message: string;
}

/** One step of one event's way through Shelfcast, reported by the process that made the step. The Kafka key is eventId. */
export interface MonitoringEvent {
  /** Id of this report. A step that is repeated after a crash repeats it, so that readers can drop the second. */
  readonly id: string;
  /** Id of the event the report is about (Change.id). */
  readonly eventId: string;
  /** The step that was made. */
  readonly stage: Stage;
  /** Who made the step: capture, producer-api, or the name of a consumer. */
  readonly service: string;
  /** INSTANCE_ID of the process that made the step. */
  readonly instance: string;
  /** Topic of the event's record. */
  readonly topic: string;
  /** Partition of the event's record; null when the step was not about a record. */
  readonly partition: number | null;
  /** Offset of the event's record; null when the step was not about a record. */
  readonly offset: bigint | null;
  /** Text of the entity's key (Change.key); null for a truncate. */
  readonly key: string | null;
  /** When the change was committed, or the event accepted. Unix microseconds. */
  readonly occurredAt: bigint;
  /** When the step was finished. Unix microseconds. */
  readonly at: bigint;
  /** How long the step took, in microseconds. */
  readonly durationUs: bigint | null;
  /** Which attempt at the step this was, from 1. */
  readonly attempt: number;
  /** Why the step failed; null when it did not. */
  readonly error: ReportedError | null;
  /** W3C trace id, 32 lower-case hex digits. */
  readonly traceId: string | null;
  /** What else is known of the step, as the text of one JSON object; for captured and published it holds the changed columns. */
  readonly details: string | null;
}

/** The Avro schema itself, as JSON text. */
export const monitoringEventSchemaText =
  '{"type":"record","name":"MonitoringEvent","namespace":"shelfcast","doc":"One step of one event\'s way through Shelfcast, reported by the process that made the step. The Kafka key is eventId.","fields":[{"name":"id","type":"string","doc":"Id of this report. A step that is repeated after a crash repeats it, so that readers can drop the second."},{"name":"eventId","type":"string","doc":"Id of the event the report is about (Change.id)."},{"name":"stage","doc":"The step that was made.","type":{"type":"enum","name":"Stage","doc":"Steps of an event. A reader that does not know a newer step reads it as unknown.","symbols":["unknown","captured","published","processed","skipped","failed","parked","deadLettered","redriven","discarded","forwarded"],"default":"unknown"}},{"name":"service","type":"string","doc":"Who made the step: capture, producer-api, or the name of a consumer."},{"name":"instance","type":"string","doc":"INSTANCE_ID of the process that made the step."},{"name":"topic","type":"string","doc":"Topic of the event\'s record."},{"name":"partition","type":["null","int"],"default":null,"doc":"Partition of the event\'s record; null when the step was not about a record."},{"name":"offset","type":["null","long"],"default":null,"doc":"Offset of the event\'s record; null when the step was not about a record."},{"name":"key","type":["null","string"],"default":null,"doc":"Text of the entity\'s key (Change.key); null for a truncate."},{"name":"occurredAt","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"When the change was committed, or the event accepted."},{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"},"doc":"When the step was finished."},{"name":"durationUs","type":["null","long"],"default":null,"doc":"How long the step took, in microseconds."},{"name":"attempt","type":"int","default":1,"doc":"Which attempt at the step this was, from 1."},{"name":"error","doc":"Why the step failed; null when it did not.","default":null,"type":["null",{"type":"record","name":"ReportedError","fields":[{"name":"type","type":"string","doc":"Code of the error, or its class."},{"name":"message","type":"string","doc":"What went wrong, in words."}]}]},{"name":"traceId","type":["null","string"],"default":null,"doc":"W3C trace id, 32 lower-case hex digits."},{"name":"details","type":["null","string"],"default":null,"doc":"What else is known of the step, as the text of one JSON object; for captured and published it holds the changed columns."}]}';
