import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Memory of a process that is in RAM. */
export function residentMib(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? '0';
  return Math.round((Number(pages) * 4_096) / 1024 / 1024);
}

/** What a process had at most from now on. */
export function watchMemory(pid: number): { readonly before: number; stop(): number } {
  const before = residentMib(pid);
  let highest = before;
  const timer = setInterval(() => {
    highest = Math.max(highest, residentMib(pid));
  }, 50);
  return {
    before,
    stop() {
      clearInterval(timer);
      return highest;
    },
  };
}

/**
 * Who waits longer than that for an answer is not served. How quick answers are depends on what else the machine does:
 * tests print it.
 */
export const SERVED_MS = 2_000;

/** How long something takes, so many times one after another. */
export async function timesOf(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const tookMs: number[] = [];
  for (let nr = 0; nr < times; nr += 1) {
    const startedMs = performance.now();
    await work();
    tookMs.push(performance.now() - startedMs);
    await delay(25);
  }
  return tookMs;
}

/** The value that so much of a hundred are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}
