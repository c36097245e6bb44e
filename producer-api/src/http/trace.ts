import { parseTraceparent, type TraceContext } from '@shelfcast/schemas/trace-context';

/** The request's trace context (W3C); undefined when there is none, or none that is valid. */
export function traceOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): TraceContext | undefined {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
}
