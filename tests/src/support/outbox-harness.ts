import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import { createOutboxMetrics } from '@shelfcast/consumers/internals/runtime/outbox/metrics';
import {
  type OutgoingMessage,
  writeOutbox,
} from '@shelfcast/consumers/internals/runtime/outbox/outbox';
import {
  type OutboxRelay,
  startOutboxRelay,
} from '@shelfcast/consumers/internals/runtime/outbox/relay';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { createPool, inTransaction } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { Registry } from 'prom-client';
import * as assert from 'uvu/assert';
import { createTestDatabase } from './database.ts';
import { type KafkaHarness, openKafkaHarness } from './kafka-harness.ts';
import { readTopics } from './topic-reader.ts';

/** An outbox in a database of its own, and relays for it. */
export interface OutboxHarness {
  readonly kafka: KafkaHarness;
  readonly pool: Pool;
  /** Publishes the messages in one transaction. */
  publish(messages: readonly OutgoingMessage[]): Promise<void>;
  startRelay(kafka?: Pick<Kafka, 'createProducer'>): Promise<OutboxRelay>;
  /** Waits until nothing waits to be sent. */
  sent(timeoutMs?: number): Promise<void>;
  /** What the outbox holds, oldest first. */
  queue(): Promise<{ topic: string; state: string; error: string | null }[]>;
  /** Texts of the values on a topic by text of their key, in the order of the topic. */
  valuesByKey(topic: string): Promise<Map<string, string[]>>;
  close(): Promise<void>;
}

export async function openOutboxHarness(bootstrapServers: string): Promise<OutboxHarness> {
  const kafka = await openKafkaHarness(bootstrapServers);
  const database = await createTestDatabase();
  await migrateConsumers(database.url, []);
  const pool = createPool({
    url: database.url,
    max: 6,
    applicationName: 'outbox-test',
    log: silentLogger(),
  });
  const relays: OutboxRelay[] = [];

  async function queue() {
    const { rows } = await pool.query<{ topic: string; state: string; error: string | null }>(
      'select topic, state, error from runtime.outbox order by id',
    );
    return rows;
  }

  return {
    kafka,
    pool,
    queue,
    publish: (messages) => inTransaction(pool, (tx) => writeOutbox(tx, 'test', messages)),
    async startRelay(through = kafka.kafka) {
      const relay = await startOutboxRelay({
        pool,
        kafka: through,
        metrics: createOutboxMetrics(new Registry()),
        log: silentLogger(),
        pollMs: 500,
      });
      relays.push(relay);
      return relay;
    },
    async sent(timeoutMs = 30_000) {
      await eventually(
        async () => {
          const waiting = (await queue()).filter(({ state }) => state === 'waiting');
          assert.is(waiting.length, 0);
        },
        { timeoutMs, intervalMs: 20, what: 'the outbox is sent' },
      );
    },
    async valuesByKey(topic) {
      const values = new Map<string, string[]>();
      for (const { key, value } of await readTopics(kafka.kafka, [topic])) {
        const ofKey = values.get(String(key)) ?? [];
        ofKey.push(String(value));
        values.set(String(key), ofKey);
      }
      return values;
    },
    async close() {
      await Promise.all(relays.map((relay) => relay.stop()));
      await kafka.close();
      await pool.end();
      await database.drop();
    },
  };
}
