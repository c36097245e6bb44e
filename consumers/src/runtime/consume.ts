import type { KafkaConsumer } from '@shelfcast/service-kit/kafka/types';
import { inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { repeat } from '@shelfcast/service-kit/repeat';
import { joinGroup } from './batch/join-group.ts';
import { type ConsumeOptions, createParts, type Parts } from './batch/parts.ts';
import { startCommands } from './commands/loop.ts';
import { createPause } from './commands/pause.ts';
import { ensureFloors } from './positions/claim.ts';
import { forgetHandled } from './positions/inbox.ts';
import { createRemover } from './reconcile/remove.ts';
import { describeMissingTopics, startMissingTopics } from './reports/missing-topics.ts';
import { startRetrier } from './retry/retrier.ts';
import { createSweeper } from './sweep/sweeper.ts';

export interface RunningConsumer {
  readonly name: string;
  /** Why it is not ready, or undefined. */
  notReady(): string | undefined;
  /** Topics that do not exist, which it reads as soon as they do, with what to do; undefined where there are all. */
  waitsFor(): string | undefined;
  stop(): Promise<void>;
}

/**
 * At a start topics are about to be made. Later a consumer that waits for one keeps the process, and the other consumers
 * in it, from being ready no longer.
 */
const TOPICS_PATIENCE_MS = 15_000;
const FORGET_EVERY_MS = 3_600_000;

/**
 * Runs a consumer: decodes, applies once, reports, and only when the reports are acknowledged lets offsets be
 * committed; the next batch does not wait for that. A change that cannot be applied is parked with what comes after it
 * for its key; an outage of the database or the registry, or most keys failing, is waited out.
 */
export async function consume<Effect>(options: ConsumeOptions<Effect>): Promise<RunningConsumer> {
  const stopping = new AbortController();
  const parts = createParts(options, stopping.signal);
  await prepareFloors(options, parts);
  const consumer = await joinGroup(options, parts);
  const beside = startBeside(options, parts, consumer);
  return running(options, parts, consumer, async () => {
    stopping.abort();
    await Promise.all([consumer.stop(), beside.stop()]);
  });
}

/** Every entity has a floor, which a truncate raises. */
async function prepareFloors<Effect>(
  { definition, pool }: ConsumeOptions<Effect>,
  { entities }: Parts<Effect>,
): Promise<void> {
  const names = entities.map(({ entity }) => entity);
  await inTransaction(pool, (tx) => ensureFloors(tx, definition.name, names));
}

/** What goes on beside the stream: retries, and but for a shadow commands, sweeps and what is said of topics. */
function startBeside<Effect>(
  options: ConsumeOptions<Effect>,
  parts: Parts<Effect>,
  consumer: KafkaConsumer,
): { stop(): Promise<void> } {
  const { definition, kafka, pool, metrics, log } = options;
  const { name } = definition;
  const { applying, reporting, decoding, entities, shadow } = parts;
  const admin = kafka.createAdmin();
  const pause = createPause({ name, consumer, topics: parts.topics, metrics, log });
  const missingTopics = () => consumer.missingTopics();
  const always = [
    startRetrier({
      ...{ ...applying, ...reporting, decoding, shadow },
      onFailure: (state) => metrics.retries.inc({ consumer: name, state }),
      isPaused: pause.isPaused,
    }),
    repeat({
      failure: 'events handled long ago could not be forgotten: later',
      everyMs: FORGET_EVERY_MS,
      firstAfterMs: FORGET_EVERY_MS,
      work: () => forgetHandled(pool, name),
      log,
    }),
  ];
  const unlessShadow = () => [
    startMissingTopics({ pool, consumer: name, entities, log, missingTopics }),
    startCommands({
      ...{ ...reporting, pool, consumer: name, decoding, nowMs: applying.nowMs },
      onPaused: pause.onPaused,
      sweeper: createSweeper({ ...applying, ...reporting, entities, admin }),
      removeRows: createRemover({ ...applying, ...reporting, entities }),
    }),
  ];
  const all = shadow ? always : [...always, ...unlessShadow()];
  return {
    async stop() {
      await Promise.all(all.map((one) => one.stop()));
      await admin.close();
    },
  };
}

function running<Effect>(
  { definition: { name }, log }: ConsumeOptions<Effect>,
  { entities, breaker }: Parts<Effect>,
  consumer: KafkaConsumer,
  stop: () => Promise<void>,
): RunningConsumer {
  const startedAt = performance.now();
  const waitsFor = () => describeMissingTopics(name, consumer.missingTopics(), entities);
  const missing = waitsFor();
  if (missing !== undefined) log.warn({ topics: consumer.missingTopics() }, missing);
  return {
    name,
    notReady() {
      if (!consumer.isJoined()) return `${name} has not joined its consumer group`;
      const isEarly = performance.now() - startedAt < TOPICS_PATIENCE_MS;
      return (isEarly ? waitsFor() : undefined) ?? breaker.tripped();
    },
    waitsFor,
    stop,
  };
}
