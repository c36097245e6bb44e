import { createConnectClient } from '@shelfcast/connect-config/connect-client';
import { CONNECTOR } from '@shelfcast/connect-config/context';
import { waitUntilRunning, waitUntilStopped } from '@shelfcast/connect-config/wait-until';
import { measureUsage } from '@shelfcast/local/processes/usage';
import { createCodec } from '@shelfcast/schemas/codec';
import { cdcTopic } from '@shelfcast/schemas/topics';
import { createClock } from '@shelfcast/service-kit/clock';
import { createKafka } from '@shelfcast/service-kit/kafka';
import { createPool } from '@shelfcast/service-kit/postgres/pool';
import { silentLogger } from '@shelfcast/service-kit/process/logging';
import { type Latency, latencyOf } from './latencies.ts';
import { steadyUpdates } from './load.ts';
import { KEY_PREFIX } from './rows.ts';
import { createTrail } from './trail.ts';

/** Where the connector and what it connects are. */
export interface PollIntervalTarget {
  readonly connectUrl: string;
  readonly productsUrl: string;
  readonly bootstrapServers: readonly string[];
  readonly registryUrl: string;
  readonly topicPrefix: string;
  readonly maxRecordBytes: number;
  readonly connectPid: number;
}

/** One way to wait: Debezium's poll.interval.ms and queue.provider.type. */
export interface Waiting {
  readonly pollIntervalMs: number;
  readonly queue: 'memory' | 'patient';
}

export interface PollIntervalResult extends Waiting {
  /** Cores that Kafka Connect uses with nothing to do. */
  readonly idleCores: number;
  /** Cores that Kafka Connect uses under the load. */
  readonly busyCores: number;
  /** Commit → record appended by the broker. */
  readonly latency: Latency;
}

export interface PollIntervalOptions {
  /** Changes per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly idleSeconds: number;
}

/** LogAppendTime is whole milliseconds, cut off: half of one is lost on average. */
const HALF_MILLISECOND_US = 500;
const ROWS = 200;

/** Measures each way to wait in turn on a running pipeline, and leaves the connector as it was. */
export async function measurePollIntervals(
  target: PollIntervalTarget,
  { ways, ...options }: PollIntervalOptions & { readonly ways: readonly Waiting[] },
  onResult: (result: PollIntervalResult) => void,
): Promise<void> {
  const client = createConnectClient({ url: target.connectUrl });
  const before = await client.config(CONNECTOR);
  if (before === undefined) throw new Error('There is no connector to measure: register it first.');
  const log = silentLogger();
  const products = createPool({
    url: target.productsUrl,
    max: 4,
    applicationName: 'bench',
    log,
  });
  const codec = createCodec({ registryUrl: target.registryUrl });
  const connection = {
    bootstrapServers: target.bootstrapServers,
    maxRecordBytes: target.maxRecordBytes,
  };
  const topic = cdcTopic({ prefix: target.topicPrefix, schema: 'public', table: 'products' });
  const trail = createTrail(createKafka({ connection, clientId: 'bench', log }), codec, {
    productsTopic: topic,
    consumers: [],
  });
  const keys = Array.from({ length: ROWS }, (_, row) => `${KEY_PREFIX}POLL-${row}`);

  async function reconfigure(config: Readonly<Record<string, string>>): Promise<void> {
    await client.stop(CONNECTOR);
    await waitUntilStopped({ client, connector: CONNECTOR });
    await client.putConfig(CONNECTOR, config);
    await client.resume(CONNECTOR);
    await waitUntilRunning({ client, connector: CONNECTOR });
  }

  async function measure(way: Waiting): Promise<PollIntervalResult> {
    const clock = createClock();
    const { rate, seconds, warmUpSeconds, idleSeconds } = options;
    await reconfigure({
      ...before,
      'poll.interval.ms': String(way.pollIntervalMs),
      'queue.provider.type': way.queue,
    });
    await steadyUpdates(products, { rate, seconds: warmUpSeconds, keys, clock });
    await trail.skip();
    const busy = measureUsage([target.connectPid], seconds * 1000);
    const load = await steadyUpdates(products, { rate, seconds, keys, clock });
    const busyCores = (await busy).get(target.connectPid)?.cores ?? Number.NaN;
    const captured = await trail.captured(load);
    const idle = await measureUsage([target.connectPid], idleSeconds * 1000);
    return {
      ...way,
      idleCores: idle.get(target.connectPid)?.cores ?? Number.NaN,
      busyCores,
      latency: latencyOf(
        captured.map(
          ({ commitUs, brokerMs }) => brokerMs * 1000 + HALF_MILLISECOND_US - Number(commitUs),
        ),
      ),
    };
  }

  try {
    await products.query(
      'insert into products (product_id, name, price) select id, id, 1 from unnest($1::text[]) as id on conflict do nothing',
      [keys],
    );
    for (const way of ways) onResult(await measure(way));
  } finally {
    await products.query('delete from products where product_id = any($1)', [keys]);
    await reconfigure(before);
    codec.close();
    await products.end();
  }
}
