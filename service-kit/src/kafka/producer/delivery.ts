import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../deadline.ts';
import type { Logger } from '../../process/logging.ts';
import { classifySendError, toKafkaError } from '../client/classify-error.ts';
import { KafkaError } from '../errors.ts';
import type { RecordToSend, SentRecord } from '../types.ts';
import type { ProducerSession } from './session.ts';

/** A record on its way, and how its caller hears of it. */
export interface Delivery {
  readonly record: RecordToSend;
  readonly bytes: number;
  /** When its caller is to be answered, by `performance.now()`. */
  readonly deadlineMs: number;
  /** Only the first call counts. */
  readonly settle: (result: SentRecord | KafkaError) => void;
}

export interface DelivererOptions {
  readonly openSession: (onPoisoned: (error: Error) => void) => {
    readonly session: ProducerSession;
    readonly connected: Promise<void>;
  };
  /** Partition counts of those of the topics that exist. */
  readonly countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly log: Logger;
}

export interface Deliverer {
  /** Connects, so that the first delivery does not have to. */
  connect(timeoutMs: number): Promise<void>;
  /** Sends until each record is settled; never rejects. One call at a time. */
  deliver(items: readonly Delivery[]): Promise<void>;
  isHealthy(): boolean;
  /** Settles what is in flight as it stands, and cuts the connection. */
  halt(): void;
  close(): Promise<void>;
}

/** What one request came to: what is left to do, and what is known about it. */
interface Attempt {
  readonly pending: readonly Delivery[];
  /** The pending ones may have been written. */
  readonly inDoubt: boolean;
  /** Send the pending ones one by one, so that only the one at fault fails. */
  readonly isolate?: boolean;
}

/** The callers' time is up. */
class TooLate extends Error {}

const RETRY_PAUSE_MS = 50;

/**
 * Gets records to the brokers through one producer session at a time, and knows what to make of
 * every way in which that fails: send again, isolate the record at fault, or say that it is unknown
 * whether it was written. After a failed request the session is replaced (see openProducerSession).
 */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { log } = options;
  const knownTopics = new Map<string, number>();
  /** Ends the attempt under way; a long-lived promise to race against would collect reactions. */
  let interrupt: (error: Error) => void = () => {};
  let halted = false;
  let session: ProducerSession | undefined;
  let healthy = false;

  async function connectedSession(): Promise<ProducerSession> {
    if (session !== undefined) return session;
    const opening = options.openSession((error) => interrupt(error));
    session = opening.session;
    await opening.connected;
    return opening.session;
  }

  function dropSession(): void {
    session?.fence();
    session = undefined;
  }

  /** Topics never written to are looked up: kafkajs would retry them and hold up all others. */
  async function refuseUnknownTopics(items: readonly Delivery[]): Promise<readonly Delivery[]> {
    const isKnown = ({ record: { topic, partition = 0 } }: Delivery): boolean =>
      partition >= 0 && partition < (knownTopics.get(topic) ?? 0);
    const unseen = new Set(items.filter((item) => !isKnown(item)).map((item) => item.record.topic));
    if (unseen.size === 0) return items;
    const counts = await options.countPartitions([...unseen]);
    for (const [topic, count] of counts) knownTopics.set(topic, count);
    return items.filter((item) => {
      if (isKnown(item)) return true;
      item.settle(noSuchPlace(item.record, knownTopics.get(item.record.topic)));
      return false;
    });
  }

  async function attempt(items: readonly Delivery[]): Promise<Attempt> {
    let pending = items;
    let used: ProducerSession | undefined;
    let over = false;
    const goOn = (): void => {
      if (over) throw new TooLate();
    };
    const leftMs = Math.min(...items.map((item) => item.deadlineMs)) - performance.now();
    const interrupted = new Promise<never>((_resolve, reject) => {
      interrupt = reject;
    });
    const timer = setTimeout(() => interrupt(new TooLate()), Math.max(0, leftMs));

    const work = async (): Promise<Attempt> => {
      const known = await refuseUnknownTopics(items);
      goOn();
      pending = known;
      const current = await connectedSession();
      goOn();
      if (pending.length === 0) return { pending, inDoubt: false };
      used = current;
      const results = await current.send(pending.map((item) => item.record));
      const unanswered = pending.filter((item, index) => {
        const result = results[index];
        if (result !== undefined) item.settle(result);
        return result === undefined;
      });
      healthy = true;
      return { pending: unanswered, inDoubt: unanswered.length > 0 };
    };

    try {
      return await Promise.race([work(), interrupted]);
    } catch (error) {
      const inDoubt = used?.everConnected() ?? false;
      // Cut off, so that nothing is written after the callers were told otherwise.
      dropSession();
      if (!(error instanceof TooLate)) return afterFailure(pending, error, inDoubt);
      healthy = false;
      for (const item of pending) item.settle(notDelivered(item.record.topic, inDoubt));
      return { pending: [], inDoubt };
    } finally {
      over = true;
      clearTimeout(timer);
      interrupt = () => {};
    }
  }

  function afterFailure(items: readonly Delivery[], error: unknown, inDoubt: boolean): Attempt {
    const verdict = classifySendError(error);
    log.warn({ error, records: items.length, verdict: verdict.kind }, 'a produce request failed');
    const [only] = items;
    if (verdict.kind === 'refused') {
      if (items.length !== 1 || only === undefined) {
        return { pending: items, inDoubt, isolate: true };
      }
      only.settle(toKafkaError(error, only.record.topic));
      return { pending: [], inDoubt: false };
    }
    if (verdict.kind === 'unknownTopic') knownTopics.clear();
    else healthy = false;
    return { pending: items, inDoubt };
  }

  async function deliver(items: readonly Delivery[], startsInDoubt = false): Promise<void> {
    let pending = items;
    let inDoubt = startsInDoubt;
    while (pending.length > 0) {
      const expired = pending.filter(({ deadlineMs }) => halted || deadlineMs <= performance.now());
      for (const item of expired) item.settle(notDelivered(item.record.topic, inDoubt));
      pending = pending.filter((item) => !expired.includes(item));
      if (pending.length === 0) return;

      const before = pending.length;
      const result = await attempt(pending);
      inDoubt ||= result.inDoubt;
      pending = result.pending;
      if (result.isolate) {
        for (const item of pending) await deliver([item], inDoubt);
        return;
      }
      if (pending.length === before) await sleep(RETRY_PAUSE_MS);
    }
  }

  return {
    async connect(timeoutMs) {
      try {
        await within(connectedSession(), timeoutMs, () => unreachable(session?.lastProblem()));
        healthy = true;
      } catch (error) {
        dropSession();
        throw toKafkaError(error);
      }
    },
    deliver: (items) => deliver(items),
    isHealthy: () => healthy,
    halt() {
      halted = true;
      interrupt(new TooLate());
    },
    async close() {
      const last = session;
      session = undefined;
      healthy = false;
      await last?.close();
    },
  };
}

function noSuchPlace({ topic, partition }: RecordToSend, partitions: number | undefined) {
  const what =
    partitions === undefined
      ? `topic ${topic} does not exist`
      : `topic ${topic} has ${partitions} partitions, not a partition ${partition}`;
  return new KafkaError(what, { code: 'UNKNOWN_TOPIC', retriable: false, topic });
}

function unreachable(problem: string | undefined): KafkaError {
  return new KafkaError(`no broker could be reached in time${problem ? `: ${problem}` : ''}`, {
    code: 'UNAVAILABLE',
    retriable: true,
  });
}

function notDelivered(topic: string, inDoubt: boolean): KafkaError {
  return inDoubt
    ? new KafkaError(
        `no answer in time: it is not known whether the record was written to ${topic}`,
        {
          code: 'INDEFINITE',
          retriable: true,
          topic,
        },
      )
    : new KafkaError(`no broker could be reached in time: the record was not written to ${topic}`, {
        code: 'UNAVAILABLE',
        retriable: true,
        topic,
      });
}
