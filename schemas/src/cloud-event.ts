import { instantText } from './temporal.ts';

export interface CloudEventContext {
  readonly id: string;
  /** Who made the event, as a URI reference. */
  readonly source: string;
  readonly type: string;
  /** What the event is about. */
  readonly subject: string;
  /** Unix microseconds. */
  readonly timeUs: bigint;
}

/** Kafka headers of a CloudEvent in binary mode (Kafka protocol binding 1.0.2): its context beside the value. */
export function cloudEventHeaders(context: CloudEventContext): Record<string, string> {
  return {
    ce_specversion: '1.0',
    ce_id: context.id,
    ce_source: context.source,
    ce_type: context.type,
    ce_subject: context.subject,
    ce_time: instantText(context.timeUs),
  };
}
