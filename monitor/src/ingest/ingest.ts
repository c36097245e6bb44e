import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '@shelfcast/schemas/codec';
import { backoffMs } from '@shelfcast/service-kit/backoff';
import { groupBy } from '@shelfcast/service-kit/group-by';
import type { Kafka, KafkaBatch, KafkaConsumer } from '@shelfcast/service-kit/kafka/types';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { createBatchWriter } from '@shelfcast/service-kit/postgres/batch-writer';
import { isDataError } from '@shelfcast/service-kit/postgres/errors';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { CountedReport } from '../numbers/count-reports.ts';
import { decodeReports } from '../reports/decode-reports.ts';
import { createCounting } from '../reports/kind.ts';
import { toRow } from '../reports/report-row.ts';
import type { IngestMetrics } from './metrics.ts';
import { type StoreOptions, storeReports } from './store-reports.ts';

export interface IngestOptions extends StoreOptions {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly groupId: string;
  readonly topic: string;
  readonly metrics: IngestMetrics;
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
}

export interface Ingest {
  /** Why reports are not stored right now, or undefined. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

/** Reports of one transaction: enough to be fast, few enough to be done within a session timeout. */
const MAX_REPORTS_PER_TRANSACTION = 6_000;
/** Transactions at a time: this process makes one ready while the database is busy with the other. */
const WRITERS = 2;
/** A trickle of reports makes ten fetches and transactions a second; a stream makes as many as fit. */
const REST_MS = 100;
const BACKOFF_MS = { first: 100, longest: 5_000 };
/** How long a batch may wait for the database: an outage is no reason to start over. */
const HANDLING_TIMEOUT_MS = 7 * 86_400_000;

/**
 * Stores what comes to the monitoring topic. All processes of a group share its partitions. While the database is
 * away everything waits, in Kafka; offsets are committed when reports are durable, and one that comes again changes
 * nothing.
 */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { kafka, codec, groupId, topic, metrics, log, onFatal } = options;
  const stopping = new AbortController();
  const countingOf = createCounting();
  let outage: string | undefined;

  async function write(reports: readonly CountedReport[]): Promise<readonly boolean[]> {
    const stored = await storeReports(options, reports);
    outage = undefined;
    return reports.map((report) => stored.has(report));
  }

  /** A report that cannot be stored is found by halving; all others are stored. */
  async function writeWhatCanBe(reports: readonly CountedReport[]): Promise<readonly boolean[]> {
    try {
      return await write(reports);
    } catch (error) {
      if (!isDataError(error)) throw error;
      const [only] = reports;
      if (reports.length === 1 && only !== undefined) {
        metrics.refused.inc({ reason: 'unstorable' });
        log.error({ error, eventId: only.row.eventId }, 'a report cannot be stored: left out');
        return [false];
      }
      const half = reports.length >> 1;
      return [
        ...(await writeWhatCanBe(reports.slice(0, half))),
        ...(await writeWhatCanBe(reports.slice(half))),
      ];
    }
  }

  const newWriter = () =>
    createBatchWriter<CountedReport, boolean>({
      write: writeWhatCanBe,
      // Leaving reports out helps against data errors alone.
      isOutage: (error) => !isDataError(error),
      onOutage(error, attempt) {
        outage = `the database does not take reports: ${messageOf(error)}`;
        metrics.outages.inc();
        log.warn({ error, attempt }, 'reports cannot be stored now: waiting, nothing is lost');
      },
      async backoff(attempt) {
        await delay(backoffMs(BACKOFF_MS, attempt), undefined, { signal: stopping.signal });
      },
      maxItems: MAX_REPORTS_PER_TRANSACTION,
      restMs: REST_MS,
    });

  const writers = Array.from({ length: WRITERS }, newWriter);

  async function onBatch({ records, partition }: KafkaBatch): Promise<void> {
    const { reports, unreadable } = await decodeReports(codec, records, (event) => ({
      row: toRow(event),
      counting: countingOf(event),
    }));
    for (const { record, error } of unreadable) {
      metrics.refused.inc({ reason: 'unreadable' });
      const { offset } = record;
      log.error({ topic, partition, offset: String(offset), error }, 'a record holds no report');
    }
    const fresh = await writers[partition % WRITERS]?.submit(reports);
    const stored = reports.filter((_, index) => fresh?.[index] === true);
    metrics.repeated.inc(reports.length - stored.length);
    for (const [, [first, ...others]] of groupBy(
      stored,
      ({ row }) => `${row.service} ${row.stage}`,
    )) {
      if (first === undefined) continue;
      const { service, stage } = first.row;
      metrics.reports.inc({ service, stage }, 1 + others.length);
    }
  }

  const consumer: KafkaConsumer = await kafka.createConsumer({
    groupId,
    topics: [topic],
    onBatch,
    onOffsetReset: ({ partition, from, to }) => {
      metrics.offsetResets.inc();
      log.error(
        { topic, partition, from: String(from), to: String(to) },
        'reports were gone before they were read: the topic keeps them too short',
      );
    },
    handlingTimeoutMs: HANDLING_TIMEOUT_MS,
    fetchLingerMs: REST_MS,
    onFatal,
  });

  return {
    notReady: () =>
      outage ?? (consumer.isReady() ? undefined : 'has not joined its consumer group'),
    async stop() {
      stopping.abort();
      await consumer.stop();
    },
  };
}
