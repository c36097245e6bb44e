import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseMemory, parseParentPid, parseProcStat, TICKS_PER_SECOND } from './proc.ts';

/** One process at one moment. Memory that processes share is told apart, so that a family counts it once. */
export type ProcessSample = {
  parent: number;
  cpuMs: number;
  ownBytes: number;
  sharedBytes: number;
};

/** What a process and its descendants use: memory in bytes, processor time as a share of one core (1 = a full core). */
export type Usage = { memoryBytes: number; cores: number };

/**
 * Measures processes over `windowMs`, each with those of its descendants that are not measured themselves. A process
 * that ends meanwhile is left out. `signal` ends the window early.
 */
export async function measureUsage(
  pids: readonly number[],
  windowMs: number,
  signal?: AbortSignal,
): Promise<Map<number, Usage>> {
  const before = await sampleAll();
  const startedAt = performance.now();
  await delay(windowMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  const after = await sampleAll();
  const elapsedMs = performance.now() - startedAt;
  return new Map(
    pids
      .filter((pid) => after.has(pid))
      .map((pid) => [pid, familyUsage(pid, { before, after, elapsedMs, apart: new Set(pids) })]),
  );
}

/** Usage of `pid` and its descendants, but those `apart`, between two samples of all processes. */
export function familyUsage(
  pid: number,
  samples: {
    before: Map<number, ProcessSample>;
    after: Map<number, ProcessSample>;
    elapsedMs: number;
    apart: ReadonlySet<number>;
  },
): Usage {
  const family = descendants(pid, samples.after, samples.apart);
  let ownBytes = 0;
  let sharedBytes = 0;
  let cpuMs = 0;
  for (const member of family) {
    const now = samples.after.get(member);
    if (!now) continue;
    ownBytes += now.ownBytes;
    sharedBytes = Math.max(sharedBytes, now.sharedBytes);
    cpuMs += now.cpuMs - (samples.before.get(member)?.cpuMs ?? 0);
  }
  return { memoryBytes: ownBytes + sharedBytes, cores: cpuMs / samples.elapsedMs };
}

function descendants(
  root: number,
  samples: Map<number, ProcessSample>,
  apart: ReadonlySet<number>,
): number[] {
  const family = [root];
  for (const member of family) {
    for (const [pid, sample] of samples) {
      if (sample.parent === member && !apart.has(pid)) family.push(pid);
    }
  }
  return family;
}

function sampleAll(): Promise<Map<number, ProcessSample>> {
  return process.platform === 'linux' ? sampleProc() : samplePs();
}

async function sampleProc(): Promise<Map<number, ProcessSample>> {
  const samples = new Map<number, ProcessSample>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      try {
        const [statText, status] = await Promise.all([
          readFile(`/proc/${pid}/stat`, 'utf8'),
          readFile(`/proc/${pid}/status`, 'utf8'),
        ]);
        const stat = parseProcStat(statText);
        if (!stat) return;
        const cpuMs = (stat.cpuTicks * 1000) / TICKS_PER_SECOND;
        samples.set(Number(pid), { parent: parseParentPid(status), cpuMs, ...parseMemory(status) });
      } catch {
        // It ended between the listing and the reading.
      }
    }),
  );
  return samples;
}

async function samplePs(): Promise<Map<number, ProcessSample>> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=,rss=,time=']);
  const samples = new Map<number, ProcessSample>();
  for (const line of stdout.trim().split('\n')) {
    const [pid, parent, rssKb, time] = line.trim().split(/\s+/);
    const seconds = (time ?? '0').split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
    samples.set(Number(pid), {
      parent: Number(parent),
      cpuMs: seconds * 1000,
      ownBytes: Number(rssKb) * 1024,
      sharedBytes: 0,
    });
  }
  return samples;
}
