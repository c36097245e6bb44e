import { eventually } from '@shelfcast/service-kit/eventually';
import type { BenchContext } from './context.ts';
import { createFloor, type FloorChange } from './floor.ts';
import { awaitNoLag } from './lag.ts';
import { type Latency, latencyOf } from './latencies.ts';
import { burst, steadyUpdates } from './load.ts';
import { type MachineNoise, watchMachine } from './machine-noise.ts';
import { awaitSame } from './rows.ts';
import { type ComponentUsage, watchUsage } from './watch-usage.ts';

export interface LatencyOptions {
  /** Changes per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Before that, as fast as they go: Kafka and Connect compile their hot paths only after some ten thousand calls. */
  readonly warmUpChanges: number;
  readonly lowLatency: boolean;
}

/** Commit → … in microseconds, all of the same changes, and what the components used meanwhile. */
export interface LatencyResult extends LatencyOptions {
  readonly changes: number;
  /** During all of which the components were watched: those of the lead-in as well. */
  readonly changesWatched: number;
  readonly stages: readonly { readonly name: string; readonly latency: Latency }[];
  readonly handling: Latency;
  readonly usage: readonly ComponentUsage[];
  readonly noise: MachineNoise | undefined;
}

/** Name of the stage that the others are compared with. */
export const FLOOR_STAGE = 'change at a bare replication client (floor)';
export const EFFECT_STAGE = 'effect durable in every consumer';

/** After the checks of the warm-up, which keep the machine busy, the load runs on for as long before it is measured. */
const LEAD_IN_SECONDS = 5;

/** Commit → effect at a steady rate, with the floor listening to the very same changes. */
export async function measureLatency(
  context: BenchContext,
  options: LatencyOptions,
): Promise<LatencyResult> {
  const { products, keys, clock, trail, log, stack } = context;
  const { rate, seconds, warmUpSeconds, warmUpChanges, lowLatency } = options;
  await context.setLatency(lowLatency);
  const connectionString = stack.urls.postgres('products');
  const floor = await createFloor(products, { connectionString, clock });
  try {
    const heard: FloorChange[] = [];
    const listening = await floor.listen((change) => heard.push(change));
    log(`warming up: ${warmUpChanges} changes, then ${rate} changes/s for ${warmUpSeconds} s`);
    await burst(products, {
      changes: warmUpChanges,
      rowsPerTransaction: 50,
      connections: 1,
      keys,
      clock,
    });
    await awaitSame(context, 120_000);
    await steadyUpdates(products, { rate, seconds: warmUpSeconds, keys, clock });
    await awaitSame(context, 60_000);
    await awaitNoLag(context);
    await trail.skip();

    log(`measuring: ${rate} changes/s for ${seconds} s`);
    const watch = watchUsage(stack);
    const leadIn = await steadyUpdates(products, { rate, seconds: LEAD_IN_SECONDS, keys, clock });
    const noiseUntilNow = watchMachine();
    const load = await steadyUpdates(products, { rate, seconds, keys, clock });
    const noise = noiseUntilNow();
    const usage = await watch.stop();
    await awaitSame(context, 60_000);
    await awaitNoLag(context);
    const ofLoad = () =>
      heard.filter(({ commitUs }) => commitUs >= load.fromUs && commitUs <= load.toUs);
    await eventually(() => ofLoad().length >= load.changes, {
      what: 'the floor to have heard all',
    });
    await listening.stop();

    const captured = await trail.captured(load);
    const effects = await trail.effects(load);
    const since = (pairs: readonly (readonly [bigint, bigint])[]) =>
      latencyOf(pairs.map(([from, to]) => Number(to - from)));
    return {
      ...options,
      changes: load.changes,
      changesWatched: leadIn.changes + load.changes,
      stages: [
        {
          name: FLOOR_STAGE,
          latency: since(ofLoad().map((change) => [change.commitUs, change.receivedUs])),
        },
        {
          name: 'change read by Debezium',
          latency: since(captured.map((change) => [change.commitUs, change.debeziumUs])),
        },
        {
          name: 'record appended by the broker',
          latency: since(captured.map((change) => [change.commitUs, msToUs(change.brokerMs)])),
        },
        {
          name: EFFECT_STAGE,
          latency: since(effects.map((effect) => [effect.commitUs, effect.durableUs])),
        },
        {
          name: 'last report of it appended by the broker',
          latency: since(effects.map((effect) => [effect.commitUs, msToUs(effect.reportedMs)])),
        },
      ],
      handling: latencyOf(effects.map((effect) => Number(effect.handlingUs))),
      usage,
      noise,
    };
  } finally {
    await floor.drop();
  }
}

/** Whole milliseconds were cut off, so half a one was lost on average. */
function msToUs(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1000n + 500n;
}
