import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import type { Change } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { createClock } from '@shelfcast/service-kit/clock';
import type {
  HandlingError,
  Kafka,
  KafkaBatch,
  TopicPartition,
} from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/logging';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { inTransaction } from '@shelfcast/service-kit/postgres';
import { isRetriableDatabaseError } from '@shelfcast/service-kit/postgres-errors';
import type { Pool } from 'pg';
import { createBatchWriter } from './batch-writer.ts';
import { decodeChanges, UndecodableRecord } from './decode.ts';
import type { ConsumerDefinition } from './definition.ts';
import type { Outcome } from './guard.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { ensureFloors } from './positions.ts';
import { createReportFlow } from './report-flow.ts';
import { failureReport, handledReports } from './reports.ts';
import { applyOnce } from './transaction.ts';

export interface ConsumeOptions<Effect> {
  readonly definition: ConsumerDefinition<Effect>;
  readonly kafka: Kafka;
  readonly pool: Pool;
  readonly codec: Codec;
  readonly publisher: MonitoringPublisher;
  readonly metrics: ConsumerMetrics;
  /** Part of every change's id; the same for all processes of one site. */
  readonly instance: string;
  readonly topicPrefix: string;
  readonly log: Logger;
  /** The consumer cannot go on: the process is to exit non-zero. */
  readonly onFatal: (error: Error) => void;
  /** Milliseconds since the Unix epoch. */
  readonly nowMs?: () => number;
}

export interface RunningConsumer {
  readonly name: string;
  /** Why it is not ready, or undefined. */
  notReady(): string | undefined;
  stop(): Promise<void>;
}

/** Changes of one transaction: enough to fill it, few enough to end well within a session timeout. */
const MAX_CHANGES_PER_TRANSACTION = 2_000;
/**
 * Of one partition, in one fetch. The next fetch waits for all batches of the last one, so a large one is a long time in
 * which nothing new is seen and the group can lose patience; this is some hundred changes.
 */
const FETCH_BYTES_PER_PARTITION = 256 * 1024;
const BACKOFF_MS = { first: 50, longest: 2_000 };

/**
 * Runs a consumer: decodes, applies once, reports, and only when the reports are acknowledged lets
 * offsets be committed; the next batch does not wait for that. A database outage is waited out; a batch that cannot be handled holds up its own partition only.
 */
export async function consume<Effect>(options: ConsumeOptions<Effect>): Promise<RunningConsumer> {
  const { definition, kafka, pool, codec, publisher, metrics, instance, log } = options;
  const nowMs = options.nowMs ?? createClock();
  const reporter = { service: definition.name, instance };
  const stopping = new AbortController();
  await inTransaction(pool, (tx) => ensureFloors(tx, definition.name, entitiesOf(definition)));

  const writer = createBatchWriter<Change, Outcome>({
    write: (changes) => inTransaction(pool, (tx) => applyOnce(definition, changes, tx, nowMs())),
    maxItems: MAX_CHANGES_PER_TRANSACTION,
    isOutage: isRetriableDatabaseError,
    onOutage: (error, attempt) => {
      metrics.outages.inc({ consumer: definition.name });
      log.warn({ error, attempt }, 'database not available: waiting, nothing is lost');
    },
    backoff,
  });
  const reports = createReportFlow({
    publisher,
    onFailure: (error, attempt) =>
      log.warn({ error, attempt }, 'reports not acknowledged: sending them again'),
    backoff,
  });

  async function backoff(attempt: number): Promise<void> {
    const delayMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(attempt - 1, 20), BACKOFF_MS.longest);
    await delay(delayMs, undefined, { signal: stopping.signal });
  }

  /** Batches of a fetch arrive together: decoding one at a time lets the database work meanwhile. */
  let turn = Promise.resolve();
  function nextTurn(): Promise<void> {
    turn = turn.then(() => immediate());
    return turn;
  }

  async function handle(
    place: TopicPartition,
    changes: readonly Change[],
    receivedAtMs: number,
  ): Promise<void> {
    await reports.idle(place);
    const outcomes = await writer.submit(changes);
    const handledAtMs = nowMs();
    metrics.observe(definition.name, changes, outcomes, handledAtMs);
    reports.send(place, handledReports(reporter, changes, outcomes, { receivedAtMs, handledAtMs }));
  }

  async function onBatch(batch: KafkaBatch): Promise<void> {
    const receivedAtMs = nowMs();
    await nextTurn();
    try {
      await handle(batch, await decodeChanges(codec, instance, batch.records), receivedAtMs);
    } catch (error) {
      // What precedes a record that cannot be read does not have to wait for it.
      if (error instanceof UndecodableRecord) await handle(batch, error.before, receivedAtMs);
      throw error;
    }
  }

  const consumer = await kafka.createConsumer({
    groupId: definition.name,
    topics: definition.tables.map((name) => topicOf(name, options.topicPrefix)),
    maxPartitionBytes: FETCH_BYTES_PER_PARTITION,
    onBatch,
    beforeCommit: () => reports.acknowledged(),
    onError: (failure) => {
      metrics.failures.inc({ consumer: definition.name });
      log.error(failureFields(failure), 'batch failed: its partition waits and tries again');
      publisher
        .report([failureReport(reporter, failure, nowMs())])
        .catch((error: unknown) => log.warn({ error }, 'a failure could not be reported'));
    },
    onOffsetReset: ({ topic, partition, from, to }) => {
      metrics.offsetResets.inc({ consumer: definition.name });
      log.error(
        { topic, partition, from: String(from), to: String(to) },
        'offset reset: records between the two were lost to this consumer; run a snapshot of the table',
      );
    },
    onFatal: options.onFatal,
  });

  return {
    name: definition.name,
    notReady: () => (consumer.isReady() ? undefined : 'has not joined its consumer group'),
    async stop() {
      stopping.abort();
      await consumer.stop();
    },
  };
}

function topicOf(name: string, prefix: string): string {
  const [schema = '', table = ''] = name.split('.');
  return cdcTopic({ prefix, schema, table });
}

/** Entities are tables, without their schema where that is `public` (see `Change.entity`). */
function entitiesOf(definition: Pick<ConsumerDefinition<unknown>, 'tables'>): string[] {
  return definition.tables.map((table) => table.replace(/^public\./, ''));
}

function failureFields({ topic, partition, offset, attempt, retryDelayMs, error }: HandlingError) {
  return { topic, partition, offset: offset.toString(), attempt, retryDelayMs, error };
}
