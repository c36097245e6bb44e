import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { createClock } from '@shelfcast/service-kit/clock';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import type { SharedTransactions } from '@shelfcast/service-kit/postgres/shared-transactions';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { SerialQueue } from '@shelfcast/service-kit/serial-queue';
import type { Pool } from 'pg';
import { createFailureBreaker } from '../apply/failure-breaker.ts';
import { createWaitOut } from '../apply/wait-out.ts';
import { capturedEntities } from '../contract/captured-entity.ts';
import { attemptTimeoutOf, type ConsumerDefinition } from '../contract/definition.ts';
import type { DecodeCache } from '../intake/decode-cache.ts';
import { createReportFlow } from '../reports/flow.ts';
import type { ConsumerMetrics } from '../reports/metrics.ts';

export interface ConsumeOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  readonly kafka: Kafka;
  readonly pool: Pool;
  readonly codec: Codec;
  readonly publisher: MonitoringPublisher;
  /** `await codec.encoder(MONITORING_EVENT)` */
  readonly encodeReport: (event: MonitoringEvent) => Buffer;
  readonly metrics: ConsumerMetrics;
  /** Part of every change's id; the same for all processes of one site. */
  readonly instance: string;
  readonly topicPrefix: string;
  /** Shared by the consumers of a process, where there are several. */
  readonly decodeCache?: DecodeCache | undefined;
  readonly transactions?: SharedTransactions | undefined;
  /** Handles changes that may end the process one at a time, also among the consumers of a process. */
  readonly alone?: SerialQueue | undefined;
  /** For a read model that is being built: it reports no steps, and takes no commands. */
  readonly shadow?: boolean;
  readonly log: Logger;
  /** The consumer cannot go on: the process is to exit non-zero. */
  readonly onFatal: (error: Error) => void;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs?: () => number;
}

const NO_REPORTS: MonitoringPublisher = { report: async () => {}, flush() {} };

export type Parts<Effect> = ReturnType<typeof createParts<Effect>>;

/** What the steps of a consumer share. @param signal ends what waits for an outage to pass */
export function createParts<Effect>(options: ConsumeOptions<Effect>, signal: AbortSignal) {
  const { definition, pool, codec, encodeReport, metrics, instance, topicPrefix, log } = options;
  const { shadow = false, nowMs = createClock(), transactions } = options;
  const entities = capturedEntities(definition, topicPrefix);
  const breaker = createFailureBreaker();
  const waitOut = createWaitOut({ onOutage, signal });
  const publisher = shadow ? NO_REPORTS : options.publisher;
  const reports = createReportFlow({
    publisher,
    onFailure: (error, attempt) =>
      log.warn({ error, attempt }, 'reports not acknowledged: sending them again'),
    backoff: waitOut.backoff,
  });

  function onOutage(error: unknown, attempt: number): void {
    metrics.outages.inc({ consumer: definition.name });
    const what = breaker.tripped() === undefined ? 'not available' : 'most changes fail';
    log.warn({ error, attempt }, `${what}: waiting, nothing is lost`);
  }

  return {
    shadow,
    breaker,
    publisher,
    reports,
    onOutage,
    ...waitOut,
    entities,
    topics: [...entities.map(({ topic }) => topic), ...(definition.events ?? [])],
    decoding: { codec, instance, topicPrefix, cache: options.decodeCache },
    applying: {
      ...{ definition, pool, transactions, codec, breaker, nowMs },
      openFrom: reports.openFrom,
      attemptTimeoutMs: attemptTimeoutOf(definition),
    },
    reporting: { reporter: { service: definition.name, instance }, encodeReport, log },
  };
}
