import { type HrTime, SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { settlesWithin } from '../deadline.ts';
import type { StepSpan } from './tracing.ts';

export interface ExporterOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly instance: string;
}

export interface Exporter {
  /** Never waits, never throws. */
  readonly export: (span: StepSpan) => void;
  readonly stop: () => Promise<void>;
}

const SCOPE = { name: 'shelfcast' };
const KINDS = {
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  client: SpanKind.CLIENT,
  internal: SpanKind.INTERNAL,
} as const;
/** What waits for a collector that is slow or away; above it spans are left out. */
const QUEUE = { maxQueueSize: 16_384, maxExportBatchSize: 2_048, scheduledDelayMillis: 1_000 };
const EXPORT_TIMEOUT_MS = 5_000;
const STOP_TIMEOUT_MS = 2_000;

/**
 * Sends spans as OTLP. They are given as they are, with their ids and times, because a step is known when it is over
 * and its ids follow from what it is about; so the SDK's tracer, which makes up both, is not used.
 */
export function startExporter({ url, headers, instance }: ExporterOptions): Exporter {
  const processor = new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({
      url,
      headers: { ...headers },
      timeoutMillis: EXPORT_TIMEOUT_MS,
    }),
    ...QUEUE,
    exportTimeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const resources = new Map<string, Resource>();

  function resourceOf(service: string): Resource {
    const known = resources.get(service);
    if (known !== undefined) return known;
    const fresh = resourceFromAttributes({
      'service.name': service,
      'service.namespace': 'shelfcast',
      'service.instance.id': instance,
    });
    resources.set(service, fresh);
    return fresh;
  }

  return {
    export: (span) => processor.onEnd(toReadable(span, resourceOf(span.service))),
    stop: async () => {
      await settlesWithin(processor.shutdown(), STOP_TIMEOUT_MS);
    },
  };
}

function toReadable(span: StepSpan, resource: Resource): ReadableSpan {
  const { name, kind, traceId, spanId, parentSpanId, startUs, endUs, error, attributes } = span;
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    name,
    kind: KINDS[kind],
    spanContext: () => context,
    ...(parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: parentSpanId, traceFlags: TraceFlags.SAMPLED } }),
    startTime: hrTime(startUs),
    endTime: hrTime(endUs),
    duration: hrTime(endUs - startUs),
    status:
      error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error.message },
    attributes: error === undefined ? attributes : { ...attributes, 'error.type': error.type },
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(us: bigint): HrTime {
  return [Number(us / 1_000_000n), Number(us % 1_000_000n) * 1_000];
}
