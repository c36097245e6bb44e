import { hash } from 'node:crypto';

/** W3C trace context of a step: https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string;
  /** Of the span it was handed on by; 16 lower-case hex digits. */
  readonly spanId: string;
  /** Two hex digits, of which the last bit says whether the trace is sampled; `01` where it is not known. */
  readonly flags?: string;
}

/** HTTP and Kafka header that carries it. */
export const TRACEPARENT_HEADER = 'traceparent';

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NONE = /^0+$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The context in a `traceparent`; undefined for what is none. */
export function parseTraceparent(text: string): TraceContext | undefined {
  const [, traceId = '0', spanId = '0', flags = '01'] = TRACEPARENT.exec(text) ?? [];
  return NONE.test(traceId) || NONE.test(spanId) ? undefined : { traceId, spanId, flags };
}

export function formatTraceparent({ traceId, spanId, flags = '01' }: TraceContext): string {
  return `00-${traceId}-${spanId}-${flags}`;
}

/** The trace of an event that came without one: a function of its id, of whose digits it is made where they are enough. */
export function traceIdOf(eventId: string): string {
  return UUID.test(eventId) ? eventId.replaceAll('-', '') : digest(eventId, 32);
}

/** The span of a step: a function of its name, so that a step that is repeated after a crash is the same span. */
export function spanIdOf(step: string): string {
  return digest(step, 16);
}

function digest(text: string, length: number): string {
  return hash('sha256', text, 'hex').slice(0, length);
}
