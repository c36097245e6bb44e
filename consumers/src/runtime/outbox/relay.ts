import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '@shelfcast/service-kit/backoff';
import { KafkaSendError } from '@shelfcast/service-kit/kafka/errors';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import type { Logger } from '@shelfcast/service-kit/process/logging';
import type { ClientBase, Pool } from 'pg';
import { createHolds, type Holds } from './holds.ts';
import type { OutboxMetrics } from './metrics.ts';
import { OUTBOX_CHANNEL } from './outbox.ts';
import {
  deleteSent,
  heldTopics,
  oldestHeld,
  type QueuedMessage,
  readWaiting,
  releaseTopic,
  type SetAside,
  setAside,
  tryToLead,
} from './queue.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface OutboxRelayOptions {
  readonly pool: Pool;
  readonly kafka: Pick<Kafka, 'createProducer'>;
  readonly metrics: OutboxMetrics;
  readonly log: Logger;
  /** How often to look without being told, and to ask whether the leading relay is gone (default 1,000 ms). */
  readonly pollMs?: number;
}

export interface OutboxRelay {
  /** Ends after the request in flight; what is not sent stays for the next relay. */
  stop(): Promise<void>;
}

/** What one request holds, so that the messages of a read share their fate. */
const REQUEST = { maxMessages: 1_000, maxBytes: 1024 * 1024 };
const BACKOFF_MS = { first: 50, longest: 2_000 };
const CLOSE_DEADLINE_MS = 3_000;

/**
 * Sends what consumers published, oldest first, and deletes what Kafka acknowledged. Of all processes
 * one relays at a time; the others stand by for the moment in which its session ends.
 *
 * At least once: a relay that dies between the acknowledgement and the delete leaves messages that the
 * next one sends again. Apart from such repetitions the messages of a key arrive in order. Outages of
 * Kafka and the database are waited out.
 */
export async function startOutboxRelay(options: OutboxRelayOptions): Promise<OutboxRelay> {
  const { pool, kafka, metrics, log, pollMs = 1_000 } = options;
  // A producer of its own: a large message here does not delay the reports of the consumers.
  const producer = await kafka.createProducer({
    maxRequestBytes: REQUEST.maxBytes,
    maxRequestRecords: REQUEST.maxMessages,
  });
  const stopping = new AbortController();
  const bell = createBell();
  stopping.signal.addEventListener('abort', () => bell.ring());
  const isStopping = (): boolean => stopping.signal.aborted;

  /** Leads, when it may, for as long as the database session lasts. */
  async function useSession(onLeading: () => void): Promise<void> {
    const client = await pool.connect();
    const ring = (): void => bell.ring();
    // A lost connection shows in the next query as well; without a listener it would end the process.
    client.on('error', ring);
    client.on('notification', ring);
    try {
      while (!isStopping() && !(await tryToLead(client))) await bell.rung(pollMs);
      if (isStopping()) return;
      await client.query(`listen ${OUTBOX_CHANNEL}`);
      onLeading();
      await lead(client);
    } finally {
      client.off('notification', ring);
      client.release(true); // the lock ends with the session
    }
  }

  async function lead(client: ClientBase): Promise<void> {
    const holds = createHolds(await heldTopics(client));
    let failures = 0;
    while (!isStopping()) {
      for (const topic of holds.due()) await tryHeldTopic(client, holds, topic);
      metrics.heldTopics.set(holds.count());
      const messages = await readWaiting(client, REQUEST);
      if (messages.length === 0) {
        await bell.rung(pollMs);
        continue;
      }
      const { unsent } = await relay(client, holds, messages);
      failures = unsent ? failures + 1 : 0;
      if (unsent) await backoff(failures);
    }
  }

  /** Sends messages, but holds those whose topic is known to take nothing. */
  async function relay(client: ClientBase, holds: Holds, messages: readonly QueuedMessage[]) {
    const open = messages.filter(({ topic }) => !holds.has(topic));
    const verdicts = await send(open);
    for (const [index, { topic }] of open.entries()) {
      const verdict = verdicts[index];
      if (verdict?.kind === 'held') hold(holds, topic, verdict.error);
    }
    const sent = open.filter((_, index) => verdicts[index]?.kind === 'sent');
    const refused = open.flatMap((message, index) => {
      const verdict = verdicts[index];
      return verdict?.kind === 'refused' ? [refusal(message, verdict.error)] : [];
    });
    const done = new Set([...sent, ...refused].map(({ id }) => id));
    const held = messages.flatMap(({ id, topic }): SetAside[] => {
      const error = holds.reasonOf(topic);
      return error === undefined || done.has(id) ? [] : [{ id, state: 'held', error }];
    });
    await forget(client, sent);
    await setAside(client, [...refused, ...held]);
    return { unsent: done.size + held.length < messages.length };
  }

  /** Sends the oldest message of a held topic; when that is taken, the others get back in line. */
  async function tryHeldTopic(client: ClientBase, holds: Holds, topic: string): Promise<void> {
    const oldest = await oldestHeld(client, topic);
    if (oldest !== undefined) {
      const [verdict] = await send([oldest]);
      if (verdict?.kind === 'held') return hold(holds, topic, verdict.error);
      if (verdict?.kind === 'refused') {
        return await setAside(client, [refusal(oldest, verdict.error)]);
      }
      if (verdict?.kind !== 'sent') return;
      await forget(client, [oldest]);
    }
    await releaseTopic(client, topic);
    holds.release(topic);
    log.info({ topic }, 'the topic takes messages again');
  }

  async function forget(client: ClientBase, sent: readonly QueuedMessage[]): Promise<void> {
    await deleteSent(
      client,
      sent.map(({ id }) => id),
    );
    for (const { topic } of sent) metrics.published.inc({ topic });
  }

  function hold(holds: Holds, topic: string, error: Error): void {
    if (!holds.hold(topic, error.message)) return;
    log.error({ topic, error }, 'a topic takes no messages: they are held and tried again');
  }

  function refusal({ id, topic }: QueuedMessage, error: Error): SetAside {
    metrics.refused.inc({ topic });
    log.error({ outboxId: String(id), topic, error }, 'a message is refused: it stays set aside');
    return { id, state: 'refused', error: error.message };
  }

  async function send(messages: readonly QueuedMessage[]): Promise<Verdict[]> {
    try {
      const sent = await producer.send(
        messages.map(({ topic, key, value, headers = {} }) => ({ topic, key, value, headers })),
      );
      return sent.map(verdictOf);
    } catch (error) {
      if (error instanceof KafkaSendError) return error.results.map(verdictOf);
      return messages.map(() => verdictOf(undefined));
    }
  }

  async function backoff(attempt: number): Promise<void> {
    await delay(backoffMs(BACKOFF_MS, attempt), undefined, { signal: stopping.signal }).catch(
      () => {},
    );
  }

  async function run(): Promise<void> {
    for (let failures = 1; !isStopping(); failures += 1) {
      try {
        await useSession(() => {
          failures = 0;
          log.info('relaying the outbox');
        });
      } catch (error) {
        log.warn({ error, failures }, 'outbox not available: waiting, nothing is lost');
        metrics.outages.inc();
        await backoff(Math.max(failures, 1));
      }
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await producer.close(CLOSE_DEADLINE_MS);
      await running;
    },
  };
}

/** Ends the current wait; rung without one, ends the next wait at once. */
function createBell() {
  let hasRung = false;
  let wake: () => void = () => {};
  return {
    ring(): void {
      hasRung = true;
      wake();
    },
    async rung(timeoutMs: number): Promise<void> {
      if (!hasRung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = () => {};
      }
      hasRung = false;
    },
  };
}
