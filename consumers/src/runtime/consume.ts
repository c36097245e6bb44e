import { setImmediate as immediate } from 'node:timers/promises';
import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { createClock } from '@shelfcast/service-kit/clock';
import type { Kafka, KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createBatchWriter } from '@shelfcast/service-kit/postgres/batch-writer';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { SharedTransactions } from '@shelfcast/service-kit/postgres/shared-transactions';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import { createSerialQueue, type SerialQueue } from '@shelfcast/service-kit/serial-queue';
import type { Pool } from 'pg';
import { type Applied, applyBatch } from './apply/apply-batch.ts';
import { createFailureBreaker } from './apply/failure-breaker.ts';
import { createWaitOut } from './apply/wait-out.ts';
import { startCommands } from './commands/loop.ts';
import { capturedEntities } from './contract/captured-entity.ts';
import type { ConsumerDefinition } from './contract/definition.ts';
import { isOutage } from './contract/errors.ts';
import { createCrashIsolation } from './crash-loop/isolate-crash.ts';
import { decodeRecords } from './intake/decode.ts';
import type { DecodeCache } from './intake/decode-cache.ts';
import type { Delivery, Unreadable } from './intake/delivery.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { ensureFloors } from './positions/claim.ts';
import { forgetHandled } from './positions/inbox.ts';
import { createFailureReports } from './reports/failures.ts';
import { createReportFlow } from './reports/flow.ts';
import { describeMissingTopics, startMissingTopics } from './reports/missing-topics.ts';
import { handledReports } from './reports/reports.ts';
import { startRetrier } from './retry/retrier.ts';
import { createSweeper } from './sweep/sweeper.ts';

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
  readonly decodeCache?: DecodeCache;
  readonly transactions?: SharedTransactions;
  /** Handles changes that may end the process one at a time, also among the consumers of a process. */
  readonly alone?: SerialQueue;
  /** For a read model that is being built: it reports no steps, and takes no commands. */
  readonly shadow?: boolean;
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
  /** Topics that do not exist, which it reads as soon as they do, with what to do; undefined where there are all. */
  waitsFor(): string | undefined;
  stop(): Promise<void>;
}

const NO_REPORTS: MonitoringPublisher = { report: async () => {}, flush() {} };

/** Changes of one transaction: enough to fill it, few enough to end well within a session timeout. */
const MAX_CHANGES_PER_TRANSACTION = 2_000;
/** Of one partition, in one fetch, and waiting behind it: some hundred changes. */
const FETCH_BYTES_PER_PARTITION = 256 * 1024;
/** Decoded within some milliseconds. */
const SMALL_BATCH = 20;
const DEFAULT_ATTEMPT_TIMEOUT_MS = 10_000;
/**
 * At a start topics are about to be made. Later a consumer that waits for one keeps the process, and the other consumers
 * in it, from being ready no longer.
 */
const TOPICS_PATIENCE_MS = 15_000;
const FORGET_EVERY_MS = 3_600_000;

/** Milliseconds after which an attempt of the consumer counts as failed. */
export function attemptTimeoutOf({
  attemptTimeoutMs = DEFAULT_ATTEMPT_TIMEOUT_MS,
}: Pick<ConsumerDefinition<unknown>, 'attemptTimeoutMs'>): number {
  return attemptTimeoutMs;
}

/**
 * Runs a consumer: decodes, applies once, reports, and only when the reports are acknowledged lets offsets be
 * committed; the next batch does not wait for that. A change that cannot be applied is parked with what comes after it
 * for its key; an outage of the database or the registry, or most keys failing, is waited out.
 */
export async function consume<Effect>(options: ConsumeOptions<Effect>): Promise<RunningConsumer> {
  const { definition, kafka, pool, codec, encodeReport, metrics, instance, log } = options;
  const alone = options.alone ?? createSerialQueue();
  const publisher = options.shadow === true ? NO_REPORTS : options.publisher;
  const nowMs = options.nowMs ?? createClock();
  const reporter = { service: definition.name, instance };
  const stopping = new AbortController();
  const { backoff, patiently } = createWaitOut({ onOutage, signal: stopping.signal });
  const entities = capturedEntities(definition, options.topicPrefix);
  await inTransaction(pool, (tx) =>
    ensureFloors(
      tx,
      definition.name,
      entities.map(({ entity }) => entity),
    ),
  );

  const breaker = createFailureBreaker();
  const reports = createReportFlow({
    publisher,
    onFailure: (error, attempt) =>
      log.warn({ error, attempt }, 'reports not acknowledged: sending them again'),
    backoff,
  });
  const applying = {
    definition,
    pool,
    ...(options.transactions === undefined ? {} : { transactions: options.transactions }),
    codec,
    breaker,
    nowMs,
    openFrom: reports.openFrom,
    attemptTimeoutMs: attemptTimeoutOf(definition),
  };
  const decoding = {
    codec,
    instance,
    topicPrefix: options.topicPrefix,
    ...(options.decodeCache === undefined ? {} : { cache: options.decodeCache }),
  };
  const writer = createBatchWriter<Delivery | Unreadable, Applied>({
    write: (entries) => applyBatch(applying, entries),
    maxItems: MAX_CHANGES_PER_TRANSACTION,
    isOutage,
    onOutage,
    backoff,
  });
  const { submit } = writer;
  const isolation = createCrashIsolation({ applying, pool, submit, patiently, alone });

  function onOutage(error: unknown, attempt: number): void {
    metrics.outages.inc({ consumer: definition.name });
    const what = breaker.tripped() === undefined ? 'not available' : 'most changes fail';
    log.warn({ error, attempt }, `${what}: waiting, nothing is lost`);
  }

  /** Large batches of a fetch arrive together: decoding one at a time lets the database work meanwhile. */
  const decodeTurn = createSerialQueue();

  async function onBatch(batch: KafkaBatch): Promise<void> {
    const receivedAtMs = nowMs();
    // 1. Decode.
    if (batch.records.length > SMALL_BATCH) await decodeTurn(() => immediate());
    const entries = await decodeRecords(decoding, batch.records);
    // 2. Wait until few enough batches of the partition have reports under way.
    await reports.waitForCapacity(batch);
    const open = reports.open(batch, batch.records[0]?.offset ?? 0n);
    try {
      // 3. Classify, decide and apply, in a transaction that also holds the positions.
      const applied = await isolation.handle(batch, entries);
      const handledAtMs = nowMs();
      // 4. Count.
      metrics.observe(definition.name, entries, applied, handledAtMs);
      // 5. Report; offsets are committed once the reports are acknowledged (`beforeCommit`).
      open.send(handledReports(reporter, entries, applied, { receivedAtMs, handledAtMs }));
    } catch (error) {
      open.drop();
      throw error;
    }
  }

  const topics = [...entities.map(({ topic }) => topic), ...(definition.events ?? [])];
  const failures = createFailureReports({ reporter, publisher, metrics, nowMs, log });
  const consumer = await kafka.createConsumer({
    groupId: definition.name,
    topics,
    maxPartitionBytes: FETCH_BYTES_PER_PARTITION,
    onBatch,
    beforeCommit: () => reports.acknowledged(),
    ...failures,
    onFatal: options.onFatal,
  });
  const startedAt = performance.now();
  const waitsFor = () => describeMissingTopics(definition.name, consumer.missingTopics(), entities);
  if (waitsFor() !== undefined) log.warn({ topics: consumer.missingTopics() }, waitsFor() ?? '');

  const forgetting = setInterval(() => {
    forgetHandled(pool, definition.name).catch((error: unknown) =>
      log.warn({ error }, 'events handled long ago could not be forgotten: later'),
    );
  }, FORGET_EVERY_MS);

  const missing =
    options.shadow === true
      ? undefined
      : startMissingTopics({
          ...{ pool, consumer: definition.name, entities, log },
          missingTopics: () => consumer.missingTopics(),
        });

  let pausedBecause: string | undefined;
  function onPaused(reason: string | undefined): void {
    if (reason === pausedBecause) return;
    pausedBecause = reason;
    metrics.paused.set({ consumer: definition.name }, reason === undefined ? 0 : 1);
    log.warn({ reason }, reason === undefined ? 'goes on after a pause' : 'paused');
    const places = topics.map((topic) => ({ topic }));
    if (reason === undefined) consumer.resume(places);
    else consumer.pause(places);
  }
  const admin = kafka.createAdmin();
  const reporting = { reporter, encodeReport, log };
  const retrier = startRetrier({
    ...applying,
    ...reporting,
    ...(options.shadow === undefined ? {} : { shadow: options.shadow }),
    decoding,
    onFailure: (state) => metrics.retries.inc({ consumer: definition.name, state }),
    isPaused: () => pausedBecause !== undefined,
  });
  const commands =
    options.shadow === true
      ? undefined
      : startCommands({
          ...reporting,
          pool,
          consumer: definition.name,
          decoding,
          nowMs,
          onPaused,
          sweeper: createSweeper({ ...applying, ...reporting, entities, admin }),
        });

  return {
    name: definition.name,
    notReady() {
      if (!consumer.isJoined()) return `${definition.name} has not joined its consumer group`;
      const isEarly = performance.now() - startedAt < TOPICS_PATIENCE_MS;
      return (isEarly ? waitsFor() : undefined) ?? breaker.tripped();
    },
    waitsFor,
    async stop() {
      clearInterval(forgetting);
      missing?.stop();
      stopping.abort();
      await Promise.all([consumer.stop(), retrier.stop(), commands?.stop()]);
      await admin.close();
    },
  };
}
