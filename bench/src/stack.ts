import { type LocalSettings, readSettings } from '@shelfcast/local/settings';
import { type Stack, startStack, startWith } from '@shelfcast/local/stack';
import { asRemembered } from '@shelfcast/local/start/remember';
import type { StepEvent } from '@shelfcast/local/start/steps';
import { liveState } from '@shelfcast/local/supervisor/client';
import type { Log } from './view.ts';

/** A stack to measure on, and what is to be done with it afterwards. */
export interface BenchStack {
  readonly stack: Stack;
  readonly settings: LocalSettings;
  /** Stops it where the benchmark has started it. */
  readonly release: () => Promise<void>;
}

const STATE_DIR = '.shelfcast/bench';
const PORT_OFFSET = 13_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** A stack of the benchmark's own, warm or from nothing; nothing else uses it. */
export async function ownStack(env: Environment, log: Log): Promise<BenchStack> {
  const settings = readSettings({
    ...env,
    SHELFCAST_STATE_DIR: STATE_DIR,
    PORT_OFFSET: `${PORT_OFFSET}`,
  });
  const wasUp = liveState(settings.stateDir) !== undefined;
  const stack = await startStack({
    stateDir: settings.stateDir,
    portOffset: PORT_OFFSET,
    onProgress: (event) => logStep(event, log),
  });
  return { stack, settings, release: wasUp ? async () => {} : () => stack.stop() };
}

/**
 * The developer's stack as it runs.
 * @throws Error when it does not
 */
export async function runningStack(env: Environment): Promise<BenchStack> {
  const settings = asRemembered(readSettings(env));
  if (liveState(settings.stateDir) === undefined) {
    throw new Error('BENCH_STACK=running, but no stack runs here: "make start" starts it.');
  }
  const stack = await startWith(settings, {});
  return { stack, settings, release: async () => {} };
}

/** What LOW_LATENCY changes about the connector. */
export function pollIntervalMs(lowLatency: boolean): number {
  return readSettings({ LOW_LATENCY: lowLatency ? 'on' : 'off' }).capture.pollIntervalMs;
}

function logStep(event: StepEvent, log: Log): void {
  if (event.type === 'done') log(`${event.step.title}: ${(event.elapsedMs / 1000).toFixed(1)} s`);
}
