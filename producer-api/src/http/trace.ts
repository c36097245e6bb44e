import type { TraceContext } from '../publish/accept.ts';

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const NONE = /^0+$/;

/** The request's trace context (W3C); undefined when there is none, or none that is valid. */
export function traceOf(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): TraceContext | undefined {
  const { traceparent } = headers;
  if (typeof traceparent !== 'string') return undefined;
  const [, traceId, parentId] = TRACEPARENT.exec(traceparent) ?? [];
  if (
    traceId === undefined ||
    parentId === undefined ||
    NONE.test(traceId) ||
    NONE.test(parentId)
  ) {
    return undefined;
  }
  return { traceparent, traceId };
}
