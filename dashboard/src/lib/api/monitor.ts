import type { Lag, Metric, Series, Summary } from '@shelfcast/schemas/monitor/numbers';
import type {
  AlertList,
  AuditItem,
  CommandOutcome,
  ConnectorItem,
  ConsumerItem,
  DeadLetterDetail,
  DeadLetterItem,
  Page,
  ReplicationState,
} from '@shelfcast/schemas/monitor/operations';
import type { DecodedRecord, EventPage, Timeline } from '@shelfcast/schemas/monitor/timeline';
import type { TopicSizes } from '@shelfcast/schemas/monitor/topics';
import type { QueryPatch } from '../routes.ts';
import { getQuery, type Request } from './request.ts';

export interface EventQuery {
  readonly topic?: string | undefined;
  readonly key?: string | undefined;
  readonly stage?: string | undefined;
  readonly service?: string | undefined;
  readonly q?: string | undefined;
  /** ISO 8601 or Unix milliseconds. */
  readonly from?: string | number | undefined;
  readonly to?: string | number | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | null | undefined;
}

export interface DeadLetterQuery {
  readonly consumer?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly errorType?: string | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | null | undefined;
}

export interface BulkRedrive {
  readonly consumer: string;
  readonly ids?: readonly string[];
  readonly entity?: string;
  readonly key?: string;
  readonly errorType?: string;
  readonly all?: boolean;
  readonly ratePerSecond?: number;
  /** Also those that were redriven too often. */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface BulkDiscard {
  readonly consumer: string;
  readonly ids: readonly string[];
  readonly reason: string;
  readonly dryRun?: boolean;
}

export interface RedriveOne {
  /** Columns of the row that replace those of the record. */
  readonly edit?: Readonly<Record<string, unknown>>;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** The monitor's REST contract. */
export type MonitorApi = ReturnType<typeof createMonitorApi>;

export function createMonitorApi(request: Request) {
  const step = encodeURIComponent;
  const get = <Answer>(path: string, query?: QueryPatch) => getQuery<Answer>(request, path, query);
  const post = <Answer>(path: string, body: object) =>
    request<Answer>(path, { method: 'POST', body });

  return {
    // Reading: each gives a query, as `createResource` wants it.
    events: (query: EventQuery) => get<EventPage>('/api/events', { ...query }),
    timeline: (eventId: string) => get<Timeline>(`/api/events/${step(eventId)}`),
    record: (eventId: string) => get<DecodedRecord>(`/api/events/${step(eventId)}/record`),
    /** @param window such as `15m` */
    summary: (window: string) => get<Summary>('/api/summary', { window }),
    series: (metric: Metric, span: { fromMs?: number; toMs?: number; stepSeconds?: number }) =>
      get<Series>('/api/series', {
        metric,
        from: span.fromMs === undefined ? undefined : Math.round(span.fromMs),
        to: span.toMs === undefined ? undefined : Math.round(span.toMs),
        step: span.stepSeconds === undefined ? undefined : `${span.stepSeconds}s`,
      }),
    lag: () => get<Lag>('/api/lag'),
    topicSizes: () => get<TopicSizes>('/api/topics'),
    connectors: () => get<{ items: readonly ConnectorItem[] }>('/api/connectors'),
    replication: () => get<ReplicationState>('/api/replication'),
    consumers: () => get<{ items: readonly ConsumerItem[] }>('/api/consumers'),
    deadLetters: (query: DeadLetterQuery = {}) =>
      get<Page<DeadLetterItem>>('/api/dead-letters', { ...query }),
    deadLetter: (id: string) => get<DeadLetterDetail>(`/api/dead-letters/${step(id)}`),
    alerts: () => get<AlertList>('/api/alerts'),
    audit: (query: { who?: string; action?: string; limit?: number; cursor?: string | null }) =>
      get<Page<AuditItem>>('/api/audit', { ...query }),

    // Doing: each needs the role operator.
    redrive: (id: string, given: RedriveOne = {}) =>
      post<CommandOutcome>(`/api/dead-letters/${step(id)}/redrive`, given),
    discard: (id: string, given: { reason: string; dryRun?: boolean }) =>
      post<CommandOutcome>(`/api/dead-letters/${step(id)}/discard`, given),
    redriveMany: (given: BulkRedrive) => post<CommandOutcome>('/api/dead-letters/redrive', given),
    discardMany: (given: BulkDiscard) => post<CommandOutcome>('/api/dead-letters/discard', given),
    pauseConsumer: (name: string, reason: string) =>
      post<{ name: string; paused: boolean }>(`/api/consumers/${step(name)}/pause`, { reason }),
    resumeConsumer: (name: string) =>
      post<{ name: string; paused: boolean }>(`/api/consumers/${step(name)}/resume`, {}),
    restartConnector: (name: string, onlyFailed = true) =>
      post<ConnectorItem>(`/api/connectors/${step(name)}/restart`, { onlyFailed }),
    pauseConnector: (name: string) =>
      post<ConnectorItem>(`/api/connectors/${step(name)}/pause`, {}),
    resumeConnector: (name: string) =>
      post<ConnectorItem>(`/api/connectors/${step(name)}/resume`, {}),
  };
}
