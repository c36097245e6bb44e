import { type Comparison, defineConsumer } from '@shelfcast/consumers/contract/definition';
import { migrateConsumers } from '@shelfcast/consumers/internals/migrate';
import type { RunningConsumer } from '@shelfcast/consumers/internals/runtime/consume';
import { type Change, type Row, UNCHANGED } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { MONITORING_EVENT } from '@shelfcast/schemas/contracts';
import { DEFAULT_TOPIC_PREFIX } from '@shelfcast/schemas/topics';
import { eventually } from '@shelfcast/service-kit/eventually';
import type { Kafka } from '@shelfcast/service-kit/kafka/types';
import { createMonitoringPublisher } from '@shelfcast/service-kit/monitoring-publisher';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { consumeInGroup } from './consume-in-group.ts';
import { createTestDatabase } from './database.ts';

/** A consumer of one captured table that keeps its rows as they are, on a database of its own. */
export interface MirrorConsumer {
  readonly definition: ReturnType<typeof mirrorOf>;
  readonly comparison: Comparison;
  readonly pool: Pool;
  start(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** What a row costs that the consumer cannot apply. */
export const POISON_PRICE = '666.00';

type Effect = { readonly key: string; readonly row: Row | null };

function comparisonOf(table: string): Comparison {
  return { entity: table, table: 'rows', key: 'key', columns: ['name', 'price', 'stock'] };
}

/** @param table in schema `public`, with the columns `id`, `name`, `price` and `stock` */
function mirrorOf(name: string, table: string) {
  return defineConsumer<Effect>({
    name,
    tables: [`public.${table}`],
    migrationsUrl: new URL('unused', import.meta.url),
    decide({ key, op, after }: Change) {
      return key === null ? null : { key, row: op === 'delete' ? null : after };
    },
    async apply(effects, { tx, schema }) {
      for (const { key, row } of effects) {
        if (row?.price === POISON_PRICE) throw new TypeError('no such price');
        if (row === null) await tx.query(`delete from ${schema}.rows where key = $1`, [key]);
        else {
          const values = [row.name, row.price, row.stock].map((value) =>
            value === UNCHANGED ? null : value,
          );
          await tx.query(
            `insert into ${schema}.rows (key, name, price, stock) values ($1, $2, $3, $4)
             on conflict (key) do update set name = excluded.name, price = excluded.price, stock = excluded.stock`,
            [key, ...values],
          );
        }
      }
    },
    async truncate(entity, floor, { tx, consumer, schema }) {
      await tx.query(
        `delete from ${schema}.rows as r using runtime.guards as g
         where g.consumer = $1 and g.entity = $2 and g.key = r.key and g.position < $3`,
        [consumer, entity, floor],
      );
    },
    reconcile: [{ entity: table, table: 'rows', key: 'key', columns: ['name', 'price', 'stock'] }],
  });
}

export async function openMirrorConsumer(options: {
  /** Also its group and its schema. */
  readonly name: string;
  readonly table: string;
  readonly kafka: Kafka;
  readonly codec: Codec;
}): Promise<MirrorConsumer> {
  const { name, table, kafka, codec } = options;
  const definition = mirrorOf(name, table);
  const database = await createTestDatabase();
  await migrateConsumers(database.url, []);
  const pool = createPool({
    url: database.url,
    max: 6,
    applicationName: name,
    log: silentLogger(),
  });
  await pool.query(`create schema ${name};
    create table ${name}.rows (key text primary key, name text, price numeric, stock bigint)`);
  const producer = await kafka.createProducer();
  const encodeReport = await codec.encoder(MONITORING_EVENT);
  const publisher = createMonitoringPublisher({ producer, encode: encodeReport });
  let running: RunningConsumer | undefined;

  async function stop(): Promise<void> {
    await running?.stop();
    running = undefined;
  }

  return {
    definition,
    comparison: comparisonOf(table),
    pool,
    stop,
    async start() {
      const consumer = await consumeInGroup(name, {
        ...{ definition, kafka, pool, codec, publisher, encodeReport },
        topicPrefix: DEFAULT_TOPIC_PREFIX,
      });
      running = consumer;
      await eventually(() => consumer.notReady() === undefined, {
        timeoutMs: 60_000,
        what: 'the consumer has joined its group',
      });
    },
    async close() {
      await stop();
      await producer.close();
      await pool.end();
      await database.drop();
    },
  };
}
