import { formatTraceparent, spanIdOf, traceIdOf } from '@shelfcast/schemas/trace-context';
import { processedSpanId, type StepSpan } from '@shelfcast/service-kit/tracing/tracing';
import type { AttemptResult } from '@shelfcast/service-kit/webhooks/attempt';
import type { ClaimedDelivery } from './claim.ts';

/** An attempt at a delivery that has begun. */
export interface BegunSpan {
  /** For the receiver, who may continue the trace. */
  readonly traceparent: string;
  end(result: AttemptResult, nowMs: number): StepSpan;
}

type Told = Pick<
  ClaimedDelivery,
  'id' | 'subscriberId' | 'attempts' | 'causeId' | 'cause' | 'traceId' | 'url' | 'productId'
>;

/** The trace of what caused the price change: a change has one in any case, the clock begins one. */
export function beginSpan(delivery: Told, startMs: number): BegunSpan {
  const { id, subscriberId, causeId, cause, url, productId } = delivery;
  const attempt = delivery.attempts + 1;
  const traceId = delivery.traceId ?? traceIdOf(causeId);
  const spanId = spanIdOf(`${id}/${subscriberId}/${attempt}`);
  return {
    traceparent: formatTraceparent({ traceId, spanId }),
    end: (result, nowMs) => ({
      name: 'POST webhook',
      kind: 'client',
      service: 'pricing',
      ...{ traceId, spanId },
      parentSpanId: cause === 'change' ? processedSpanId(causeId, 'pricing') : undefined,
      startUs: BigInt(startMs) * 1_000n,
      endUs: BigInt(nowMs) * 1_000n,
      error:
        result.outcome === 'failed'
          ? {
              type: result.status === null ? 'NoAnswer' : `${result.status}`,
              message: result.error,
            }
          : undefined,
      attributes: {
        'http.request.method': 'POST',
        // Not the path: it may be what lets the caller in.
        'server.address': URL.canParse(url) ? new URL(url).host : '',
        ...(result.status === null ? {} : { 'http.response.status_code': result.status }),
        'shelfcast.webhook_id': id,
        'shelfcast.subscriber': subscriberId,
        'shelfcast.product_id': productId,
        'shelfcast.attempt': attempt,
      },
    }),
  };
}
