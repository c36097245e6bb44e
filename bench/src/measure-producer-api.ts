import { PRODUCT_UPDATE } from '@shelfcast/schemas/contracts';
import autocannon from 'autocannon';
import type { BenchContext } from './context.ts';
import { type ComponentUsage, watchUsage } from './watch-usage.ts';

export interface ProducerApiOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

/** Answers of POST /events, each an event and its report that all in-sync replicas have. */
export interface ProducerApiResult extends ProducerApiOptions {
  readonly requestsPerSecond: number;
  /** From a request to its answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly requests: number;
  readonly usage: readonly ComponentUsage[];
}

/** A topic like product_updates that no consumer reads: what is measured is the API. */
const TOPIC = 'bench_product_updates';
const PRODUCTS = 1_000;

/**
 * Publishes over connections that each wait for their answer.
 * @throws Error when an answer is anything but 202
 */
export async function measureProducerApi(
  context: BenchContext,
  options: ProducerApiOptions,
): Promise<ProducerApiResult> {
  const { stack, log } = context;
  const url = `http://127.0.0.1:${stack.ports.producerApi}`;
  await makeTopic(url);
  try {
    log(`producer API: ${options.connections} connections for ${options.seconds} s`);
    await load(url, options.connections, options.warmUpSeconds);
    const watch = watchUsage(stack);
    const result = await load(url, options.connections, options.seconds);
    const usage = await watch.stop();
    return {
      ...options,
      requestsPerSecond: result.requests.average,
      p50Ms: result.latency.p50,
      p99Ms: result.latency.p99,
      requests: result['2xx'],
      usage,
    };
  } finally {
    await fetch(`${url}/topics/${TOPIC}`, { method: 'DELETE' });
  }
}

async function makeTopic(url: string): Promise<void> {
  const answer = await fetch(`${url}/topics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: TOPIC, schema: JSON.parse(PRODUCT_UPDATE.schemaText) }),
  });
  // Left over from a run that was interrupted, it will do.
  if (answer.status !== 201 && answer.status !== 409) {
    throw new Error(`the topic to publish to was not made: ${await answer.text()}`);
  }
}

async function load(url: string, connections: number, seconds: number): Promise<autocannon.Result> {
  const result = await autocannon({
    url: `${url}/events`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    connections,
    duration: seconds,
    requests: Array.from({ length: PRODUCTS }, (_, nr) => ({ body: JSON.stringify(eventOf(nr)) })),
  });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${result.non2xx} requests were refused, ${result.errors} failed`);
  }
  return result;
}

function eventOf(nr: number) {
  return {
    topic: TOPIC,
    data: {
      product_id: `bench-${nr}`,
      name: `Walnut desk ${nr}`,
      price: '249.90',
      category: 'Furniture',
      brand: 'Nordholm',
      stock_quantity: nr,
      weight: '31.500',
      dimensions: '140 x 70 x 75 cm',
    },
  };
}
