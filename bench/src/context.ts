import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { registerConnector } from '@shelfcast/connect-config/register';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { type Clock, createClock } from '@shelfcast/service-kit/clock';
import { createKafka } from '@shelfcast/service-kit/kafka';
import type { KafkaAdmin } from '@shelfcast/service-kit/kafka/types';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import type { Pool } from 'pg';
import { type BenchStack, pollIntervalMs } from './stack.ts';
import { createTrail, type Trail } from './trail.ts';
import type { Log } from './view.ts';

/** What every measurement works with. */
export interface BenchContext extends BenchStack {
  readonly products: Pool;
  readonly consumers: Pool;
  readonly admin: KafkaAdmin;
  readonly trail: Trail;
  /** The consumers' groups. */
  readonly groups: readonly string[];
  /** Topic of the edited rows. */
  readonly topic: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Keys of the rows to edit. */
  readonly keys: readonly string[];
  /** Registers the connector with LOW_LATENCY on or off and waits until it runs. */
  readonly setLatency: (lowLatency: boolean) => Promise<void>;
}

const CONNECTIONS = 8;

/** Opens what the measurements need; `close` also puts the connector back to how it was. */
export async function openContext(
  bench: BenchStack,
  {
    keys,
    log,
  }: { keys: (pools: Pick<BenchContext, 'products' | 'consumers'>) => Promise<string[]>; log: Log },
): Promise<BenchContext & { close(): Promise<void> }> {
  const { stack, settings } = bench;
  const quiet = silentLogger();
  const pool = (database: 'products' | 'consumers') =>
    createPool({
      url: stack.urls.postgres(database),
      max: CONNECTIONS,
      applicationName: 'shelfcast-bench',
      // A burst's transaction waits for the disk as long as it takes.
      statementTimeoutMs: 120_000,
      log: quiet,
    });
  const products = pool('products');
  const consumers = pool('consumers');
  const kafka = createKafka({
    connection: {
      bootstrapServers: stack.urls.kafka.split(','),
      maxRecordBytes: settings.capture.maxRecordBytes,
    },
    clientId: 'shelfcast-bench',
    log: quiet,
  });
  const admin = kafka.createAdmin();
  const reader = kafka.createLogReader();
  const codec = createCodec({ registryUrl: stack.urls.registry });
  const client = createConnectClient({ url: stack.urls.connect });

  const topic = cdcTopic({
    prefix: settings.capture.topicPrefix,
    schema: 'public',
    table: 'products',
  });
  const groups = settings.capture.consumerGroups;
  const before = (await client.config(CONNECTOR))?.['poll.interval.ms'];
  const setPollInterval = async (pollIntervalMs: number) => {
    const current = (await client.config(CONNECTOR))?.['poll.interval.ms'];
    if (current === String(pollIntervalMs)) return;
    const capture = { ...settings.capture, pollIntervalMs };
    await registerConnector({
      client,
      products,
      admin,
      reader,
      codec,
      settings: capture,
      log,
    });
  };

  return {
    ...bench,
    products,
    consumers,
    admin,
    trail: createTrail(kafka, codec, { productsTopic: topic, consumers: groups }),
    groups,
    topic,
    clock: createClock(),
    log,
    keys: await keys({ products, consumers }),
    setLatency: (lowLatency) => setPollInterval(pollIntervalMs(lowLatency)),
    async close() {
      if (before !== undefined) await setPollInterval(Number(before));
      codec.close();
      reader.close();
      await admin.close();
      await Promise.all([products.end(), consumers.end()]);
    },
  };
}
