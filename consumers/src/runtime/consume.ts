import { setTimeout as delay, setImmediate as immediate } from 'node:timers/promises';
import { formatTableName, tableArgument } from '@shelfcast/connect-config/table-name';
import type { Codec } from '@shelfcast/schemas/codec';
import type { MonitoringEvent } from '@shelfcast/schemas/generated/monitoring-event';
import { createClock } from '@shelfcast/service-kit/clock';
import type { HandlingError, Kafka, KafkaBatch } from '@shelfcast/service-kit/kafka/types';
import type { MonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createBatchWriter } from '@shelfcast/service-kit/postgres/batch-writer';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import type { SharedTransactions } from '@shelfcast/service-kit/postgres/shared-transactions';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { type Applied, applyBatch, isOutage } from './apply/apply-batch.ts';
import { createFailureBreaker } from './apply/failure-breaker.ts';
import { startCommands } from './commands/loop.ts';
import { capturedEntities } from './contract/captured-entity.ts';
import type { ConsumerDefinition } from './contract/definition.ts';
import { createResume } from './crash-loop/isolate-crash.ts';
import { decodeRecords } from './intake/decode.ts';
import type { DecodeCache } from './intake/decode-cache.ts';
import type { Delivery, Unreadable } from './intake/delivery.ts';
import type { ConsumerMetrics } from './metrics.ts';
import { tellMissingTopics } from './missing-topics.ts';
import { ensureFloors } from './positions/claim.ts';
import { forgetHandled } from './positions/inbox.ts';
import { createReportFlow } from './reports/flow.ts';
import { failureReport, handledReports } from './reports/reports.ts';
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
  /** For a read model that is being built: it tells nobody of its steps, and takes no commands. */
  readonly silent?: boolean;
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

/** Records were deleted, by retention or with their topic, before the consumer had read them. */
class OffsetReset extends Error {
  override readonly name = 'OffsetReset';
}

const NOBODY: MonitoringPublisher = { report: async () => {}, hurry() {} };

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
const TELL_MISSING_EVERY_MS = 5_000;
const BACKOFF_MS = { first: 50, longest: 2_000 };

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
  const publisher = options.silent === true ? NOBODY : options.publisher;
  const nowMs = options.nowMs ?? createClock();
  const reporter = { service: definition.name, instance };
  const stopping = new AbortController();
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
  const resume = createResume({ applying, pool, submit: writer.submit, patiently });

  function onOutage(error: unknown, attempt: number): void {
    metrics.outages.inc({ consumer: definition.name });
    const what = breaker.tripped() === undefined ? 'not available' : 'most changes fail';
    log.warn({ error, attempt }, `${what}: waiting, nothing is lost`);
  }

  async function patiently<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (!isOutage(error)) throw error;
        onOutage(error, attempt);
        await backoff(attempt);
      }
    }
  }

  async function backoff(attempt: number): Promise<void> {
    const delayMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(attempt - 1, 20), BACKOFF_MS.longest);
    await delay(delayMs, undefined, { signal: stopping.signal });
  }

  /** Large batches of a fetch arrive together: decoding one at a time lets the database work meanwhile. */
  let turn = Promise.resolve();
  async function inTurn(batch: KafkaBatch): Promise<void> {
    if (batch.records.length <= SMALL_BATCH) return;
    turn = turn.then(() => immediate());
    await turn;
  }

  async function onBatch(batch: KafkaBatch): Promise<void> {
    const receivedAtMs = nowMs();
    await inTurn(batch);
    const entries = await decodeRecords(decoding, batch.records);
    await reports.room(batch);
    const open = reports.open(batch, batch.records[0]?.offset ?? 0n);
    try {
      const applied = await resume.handle(batch, entries);
      const handledAtMs = nowMs();
      metrics.observe(definition.name, entries, applied, handledAtMs);
      open.send(handledReports(reporter, entries, applied, { receivedAtMs, handledAtMs }));
    } catch (error) {
      open.drop();
      throw error;
    }
  }

  function tell(failure: Parameters<typeof failureReport>[1]): void {
    publisher
      .report([failureReport(reporter, failure, nowMs())])
      .catch((error: unknown) => log.warn({ error }, 'a failure could not be reported'));
  }

  const topics = [...entities.map(({ topic }) => topic), ...(definition.events ?? [])];
  const consumer = await kafka.createConsumer({
    groupId: definition.name,
    topics,
    maxPartitionBytes: FETCH_BYTES_PER_PARTITION,
    onBatch,
    beforeCommit: () => reports.acknowledged(),
    onError: (failure) => {
      metrics.failures.inc({ consumer: definition.name });
      log.error(failureFields(failure), 'batch failed: its partition waits and tries again');
      tell(failure);
    },
    onOffsetReset: ({ topic, partition, from, to }) => {
      metrics.offsetResets.inc({ consumer: definition.name });
      const error = new OffsetReset(
        `records ${from ?? 'from the beginning'} to ${to ?? 'the present'} of ${topic}[${partition}] were gone before they were read; make connector-snapshot reads the table again`,
      );
      log.error({ topic, partition, from: String(from), to: String(to) }, error.message);
      tell({ topic, partition, offset: from ?? 0n, attempt: 1, error });
    },
    onFatal: options.onFatal,
  });

  const startedAt = performance.now();
  function waitsFor(): string | undefined {
    const waited = consumer.missingTopics().map((topic) => {
      const from = entities.find((entity) => entity.topic === topic);
      return from === undefined
        ? `topic ${topic}`
        : `topic ${topic} of ${formatTableName(from)}: make connector-add-table ${tableArgument(from)} captures it, and make connector-register makes its topic again where it was deleted`;
    });
    return waited.length === 0 ? undefined : `${definition.name} waits for ${waited.join('; ')}`;
  }
  if (waitsFor() !== undefined) log.warn({ topics: consumer.missingTopics() }, waitsFor() ?? '');

  const forgetting = setInterval(() => {
    forgetHandled(pool, definition.name).catch((error: unknown) =>
      log.warn({ error }, 'events handled long ago could not be forgotten: later'),
    );
  }, FORGET_EVERY_MS);

  let toldOf: number | undefined;
  async function tellMissing(): Promise<void> {
    const topics = consumer.missingTopics();
    const missing = entities.filter(({ topic }) => topics.includes(topic));
    if (toldOf === 0 && missing.length === 0) return;
    await tellMissingTopics(pool, { consumer: definition.name, missing });
    toldOf = missing.length;
  }
  const telling =
    options.silent === true
      ? undefined
      : setInterval(() => {
          tellMissing().catch((error: unknown) =>
            log.warn({ error }, 'which topics are missing could not be told: later'),
          );
        }, TELL_MISSING_EVERY_MS);

  let pausedBecause: string | undefined;
  const retrier = startRetrier({
    ...applying,
    ...(options.silent === undefined ? {} : { silent: options.silent }),
    decoding,
    reporter,
    encodeReport,
    log,
    onFailure: (state) => metrics.retries.inc({ consumer: definition.name, state }),
    isPaused: () => pausedBecause !== undefined,
  });
  const admin = kafka.createAdmin();
  const takeCommands = () =>
    startCommands({
      pool,
      consumer: definition.name,
      decoding,
      reporter,
      encodeReport,
      nowMs,
      log,
      onPaused(reason) {
        if (reason === pausedBecause) return;
        pausedBecause = reason;
        metrics.paused.set({ consumer: definition.name }, reason === undefined ? 0 : 1);
        log.warn({ reason }, reason === undefined ? 'goes on after a pause' : 'paused');
        const places = topics.map((topic) => ({ topic }));
        if (reason === undefined) consumer.resume(places);
        else consumer.pause(places);
      },
      sweeper: createSweeper({ ...applying, entities, admin, reporter, encodeReport, log }),
    });
  const commands = options.silent === true ? undefined : takeCommands();

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
      clearInterval(telling);
      stopping.abort();
      await Promise.all([consumer.stop(), retrier.stop(), commands?.stop()]);
      await admin.close();
    },
  };
}

function failureFields({ topic, partition, offset, attempt, retryDelayMs, error }: HandlingError) {
  return { topic, partition, offset: offset.toString(), attempt, retryDelayMs, error };
}
