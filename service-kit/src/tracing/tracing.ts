import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { reportId } from '@shelfcast/schemas/monitoring-event';
import { spanIdOf, traceIdOf } from '@shelfcast/schemas/trace-context';
import { z } from 'zod';
import { secret, url } from '../config/settings.ts';

/** Where spans go. Off unless the endpoint is set: nothing of OpenTelemetry is loaded then. */
export const tracingSettings = {
  /** Base address of a collector that takes OTLP over HTTP: `http://collector:4318`. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url('http', 'https').optional(),
  /** Headers of each request to it: `name=value`, separated by commas. */
  OTEL_EXPORTER_OTLP_HEADERS: secret(z.string().default('')),
};

/** A step as OpenTelemetry is told of it. */
export interface StepSpan {
  readonly name: string;
  readonly kind: 'producer' | 'consumer' | 'client' | 'internal';
  /** Who made the step: `service.name`. */
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  /** Unix microseconds. */
  readonly startUs: bigint;
  readonly endUs: bigint;
  readonly error?: { readonly type: string; readonly message: string } | undefined;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** Sends the steps of events to a collector. What it cannot take is left out; no caller waits for it. */
export interface Tracing {
  /** The report, with a trace id where it had none. */
  identify(report: MonitoringEvent): MonitoringEvent;
  /** Tells of the step of an identified report; by default it followed the one that brought the event into Kafka. */
  step(report: MonitoringEvent, parentSpanId?: string): void;
  span(span: StepSpan): void;
  /** Sends what is left, for a few seconds at most. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  readonly config: {
    readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
    readonly OTEL_EXPORTER_OTLP_HEADERS: string;
    readonly INSTANCE_ID: string;
    readonly TOPIC_PREFIX: string;
  };
}

/** @returns undefined where no endpoint is set */
export async function startTracing({ config }: TracingOptions): Promise<Tracing | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, INSTANCE_ID: instance } = config;
  if (endpoint === undefined) return undefined;
  const { startExporter } = await import('./exporter.ts');
  const exporter = startExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: headersOf(config.OTEL_EXPORTER_OTLP_HEADERS),
    instance,
  });
  return {
    identify: (report) =>
      report.traceId === null ? { ...report, traceId: traceIdOf(report.eventId) } : report,
    step: (report, parentSpanId) =>
      exporter.export(
        spanOfReport(report, parentSpanId ?? originOf(report, `${config.TOPIC_PREFIX}.`)),
      ),
    span: exporter.export,
    stop: exporter.stop,
  };
}

/** Encodes reports, and tells of each step; without tracing, as it was given. */
export function tracedEncoder(
  encode: (report: MonitoringEvent) => Buffer,
  tracing: Tracing | undefined,
): (report: MonitoringEvent) => Buffer {
  if (tracing === undefined) return encode;
  return (report) => {
    const identified = tracing.identify(report);
    tracing.step(identified);
    return encode(identified);
  };
}

/** The span of the step that wrote a manual event: consumers, of others too, continue it. */
export function publishedSpanId(eventId: string): string {
  return spanIdOf(reportId({ eventId, service: 'producer-api', stage: 'published', attempt: 1 }));
}

/** The span of the step with which a consumer was through with an event. */
export function processedSpanId(eventId: string, service: string): string {
  return spanIdOf(reportId({ eventId, service, stage: 'processed', attempt: 1 }));
}

function originOf({ eventId, stage, topic }: MonitoringEvent, prefix: string): string | undefined {
  if (stage === 'published' || stage === 'captured') return undefined;
  return topic.startsWith(prefix)
    ? spanIdOf(reportId({ eventId, service: 'capture', stage: 'captured', attempt: 1 }))
    : publishedSpanId(eventId);
}

const VERBS: Readonly<Partial<Record<MonitoringEvent['stage'], string>>> = {
  captured: 'capture',
  published: 'publish',
  processed: 'process',
  skipped: 'process',
  failed: 'process',
};

/** A capture begins with the commit; the others say how long they took. */
function spanOfReport(report: MonitoringEvent, parentSpanId: string | undefined): StepSpan {
  const { id, eventId, stage, service, topic, partition, offset, key, at, error } = report;
  const startUs = stage === 'captured' ? report.occurredAt : at - (report.durationUs ?? 0n);
  return {
    name: `${VERBS[stage] ?? stage} ${topic}`,
    kind: stage === 'published' ? 'producer' : 'consumer',
    service,
    traceId: report.traceId ?? traceIdOf(eventId),
    spanId: spanIdOf(id),
    parentSpanId,
    startUs: startUs < at ? startUs : at,
    endUs: at,
    error: error ?? undefined,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': topic,
      ...(partition === null ? {} : { 'messaging.destination.partition.id': `${partition}` }),
      ...(offset === null ? {} : { 'messaging.kafka.offset': Number(offset) }),
      ...(key === null ? {} : { 'messaging.kafka.message.key': key }),
      'messaging.message.id': eventId,
      'shelfcast.stage': stage,
      'shelfcast.attempt': report.attempt,
    },
  };
}

function headersOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.includes('='))
      .map((pair) => {
        const [name = '', ...value] = pair.split('=');
        return [name.trim(), decodeURIComponent(value.join('=').trim())];
      }),
  );
}
