import { measureUsage } from '@shelfcast/local/processes/usage';
import type { Stack } from '@shelfcast/local/stack';

/** What a component used while it was watched. */
export interface ComponentUsage {
  readonly component: string;
  /** Average, in cores. */
  readonly cores: number;
  /** Processor time of the whole watch: what load on the machine by others changes least. */
  readonly cpuMs: number;
  readonly peakBytes: number;
  /** Medians of the first and the last third of the watch: what memory would grow by if it went on. */
  readonly earlyBytes: number;
  readonly lateBytes: number;
}

/** The longest that a timer takes. */
const UNTIL_STOPPED_MS = 2 ** 31 - 1;
const COMPONENTS = [
  'postgres',
  'kafka',
  'registry',
  'connect',
  'consumers',
  'capture-reports',
  'producer-api',
  'monitor',
];

/**
 * Watches memory and processor time of the stack's components until stopped. Each sample reads two files of every
 * process on the machine, which keeps both of its cores from what is measured for some ten milliseconds: where latencies
 * are measured, one before and one after have to do, which do not tell whether memory grows.
 * @param windowMs from sample to sample; by default there is one at the start and one at the end
 */
export function watchUsage(
  stack: Stack,
  windowMs = UNTIL_STOPPED_MS,
): { stop(): Promise<ComponentUsage[]> } {
  const samples = new Map<string, { cores: number; memoryBytes: number }[]>();
  const startedAt = performance.now();
  const stopping = new AbortController();
  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const pids = new Map(
        COMPONENTS.flatMap((name) => {
          const pid = stack.pid(name);
          return pid === undefined ? [] : [[pid, name] as const];
        }),
      );
      for (const [pid, usage] of await measureUsage([...pids.keys()], windowMs, stopping.signal)) {
        const name = pids.get(pid) ?? '';
        samples.set(name, [...(samples.get(name) ?? []), usage]);
      }
    }
  }
  const watched = watch();
  return {
    async stop() {
      stopping.abort();
      await watched;
      const elapsedMs = performance.now() - startedAt;
      return [...samples].map(([component, usages]) => {
        const bytes = usages.map(({ memoryBytes }) => memoryBytes);
        const third = Math.max(1, Math.floor(bytes.length / 3));
        const cores = usages.reduce((sum, usage) => sum + usage.cores, 0) / usages.length;
        return {
          component,
          cores,
          cpuMs: cores * elapsedMs,
          peakBytes: Math.max(...bytes),
          earlyBytes: median(bytes.slice(0, third)),
          lateBytes: median(bytes.slice(-third)),
        };
      });
    },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
