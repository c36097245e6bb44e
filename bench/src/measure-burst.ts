import { eventually } from '@shelfcast/service-kit/eventually';
import type { BenchContext } from './context.ts';
import { createFloor } from './floor.ts';
import { awaitNoLag } from './lag.ts';
import { burst, type Load, toUs } from './load.ts';
import { awaitSame } from './rows.ts';
import { type ComponentUsage, watchUsage } from './watch-usage.ts';

export interface BurstOptions {
  readonly changes: number;
  readonly rowsPerTransaction: number;
}

/** Rates in changes per second of the same changes. */
export interface BurstResult extends BurstOptions {
  /** Until the last effect was durable, from before the first commit. */
  readonly sustained: number;
  /** How fast Postgres took them. */
  readonly committed: number;
  /** Until the last record was appended by the broker. */
  readonly captured: number;
  /** A bare replication client reading them afterwards, with nothing else to do. */
  readonly floor: number;
  /** A bare Kafka consumer reading the topic, undecoded, with nothing else to do. */
  readonly rawRead: number;
  readonly usage: readonly ComponentUsage[];
}

export interface CatchUpResult extends BurstOptions {
  /** From the start of the consumers' process to the last effect. */
  readonly seconds: number;
  /** The same without the process's start and its joining the group: from its first effect on. */
  readonly effectsPerSecond: number;
  readonly usage: readonly ComponentUsage[];
}

const CONNECTIONS = 2;
const POLL_MS = 1_000;
const DRAIN_TIMEOUT_MS = 300_000;
/** Often enough to see whether memory grows. */
const USAGE_WINDOW_MS = 5_000;

/** A burst as fast as Postgres takes it, while everything runs. */
export async function measureBurst(
  context: BenchContext,
  options: BurstOptions,
): Promise<BurstResult> {
  const { products, clock, trail, log, stack } = context;
  await trail.skip();
  const connectionString = stack.urls.postgres('products');
  const floor = await createFloor(products, { connectionString, clock });
  try {
    log(`burst: ${options.changes} changes, ${options.rowsPerTransaction} to a transaction`);
    const watch = watchUsage(stack, USAGE_WINDOW_MS);
    const before = await recordCount(context);
    const load = await write(context, options);
    await awaitCaptured(context, before + load.changes);
    await awaitNoLag(context);
    const usage = await watch.stop();
    await awaitSame(context, DRAIN_TIMEOUT_MS);

    log('reading what was written down');
    const captured = await trail.captured(load);
    const effects = await trail.effects(load);
    const until = (lastUs: bigint) => rate(load.changes, load.fromUs, lastUs);
    log('references: the same changes read from Postgres and from Kafka alone');
    return {
      ...options,
      sustained: until(latest(effects.map((effect) => effect.durableUs))),
      committed: until(load.toUs),
      captured: until(latest(captured.map((change) => BigInt(change.brokerMs) * 1000n))),
      floor: await floorRate(context, floor, load),
      rawRead: (await trail.rawReadRate()).perSecond,
      usage,
    };
  } finally {
    await floor.drop();
  }
}

/** A backlog made while the consumers' process is frozen; then it is killed and comes back. */
export async function measureCatchUp(
  context: BenchContext,
  options: BurstOptions,
): Promise<CatchUpResult> {
  const { clock, trail, log, stack } = context;
  await trail.skip();
  log(`backlog: ${options.changes} changes while the consumers are stopped`);
  stack.kill('consumers', 'SIGSTOP');
  let watch: ReturnType<typeof watchUsage> | undefined;
  try {
    const before = await recordCount(context);
    const load = await write(context, options);
    await awaitCaptured(context, before + load.changes);
    log('the consumers start');
    const startUs = toUs(clock());
    stack.kill('consumers', 'SIGKILL');
    watch = watchUsage(stack, USAGE_WINDOW_MS);
    await awaitNoLag(context);
    const usage = await watch.stop();
    await awaitSame(context, DRAIN_TIMEOUT_MS);
    const effects = await trail.effects(load);
    const durable = inOrder(effects.map((effect) => effect.durableUs));
    const [first = 0n] = durable;
    const last = latest(durable);
    return {
      ...options,
      seconds: Number(last - startUs) / 1e6,
      effectsPerSecond: rate(load.changes, first, last),
      usage,
    };
  } finally {
    await watch?.stop();
  }
}

/** Records ever appended to the products' topic. */
async function recordCount({ admin, topic }: BenchContext): Promise<number> {
  const ends = await admin.highWatermarks(topic);
  return [...ends.values()].reduce((sum, end) => sum + Number(end), 0);
}

async function awaitCaptured(context: BenchContext, records: number): Promise<void> {
  await eventually(async () => (await recordCount(context)) >= records, {
    what: 'the changes to be captured',
    timeoutMs: DRAIN_TIMEOUT_MS,
    intervalMs: POLL_MS,
  });
}

function write({ products, keys, clock }: BenchContext, options: BurstOptions): Promise<Load> {
  return burst(products, { ...options, connections: CONNECTIONS, keys, clock });
}

async function floorRate(
  { clock }: BenchContext,
  floor: Awaited<ReturnType<typeof createFloor>>,
  load: Load,
): Promise<number> {
  let received = 0;
  let lastUs = 0n;
  const fromUs = toUs(clock());
  const listening = await floor.listen(({ receivedUs }) => {
    received += 1;
    lastUs = receivedUs;
  });
  await eventually(() => received >= load.changes, {
    what: 'the floor to have read all',
    timeoutMs: DRAIN_TIMEOUT_MS,
  });
  await listening.stop();
  return rate(received, fromUs, lastUs);
}

function latest(times: readonly bigint[]): bigint {
  return inOrder(times).at(-1) ?? 0n;
}

function inOrder(times: readonly bigint[]): bigint[] {
  return [...times].sort((a, b) => (a < b ? -1 : 1));
}

function rate(changes: number, fromUs: bigint, untilUs: bigint): number {
  return (changes * 1e6) / Number(untilUs - fromUs);
}
