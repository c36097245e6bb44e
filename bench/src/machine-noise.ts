import { existsSync, readFileSync } from 'node:fs';

/** Shares of the machine's processor time, 0 to 1. */
export interface MachineNoise {
  /** Wanted by this machine and given to others by its hypervisor: it makes every time longer, the floor's too. */
  readonly stolen: number;
  /** Used by everything on this machine, the load and the measuring included. */
  readonly used: number;
}

/** Watches what the machine had to give; undefined where the kernel does not tell (no `/proc/stat`). */
export function watchMachine(): () => MachineNoise | undefined {
  const before = processorTimes();
  return () => {
    const after = processorTimes();
    if (before === undefined || after === undefined) return undefined;
    const passed = after.map((ticks, index) => ticks - (before[index] ?? 0));
    const total = passed.reduce((sum, ticks) => sum + ticks, 0);
    const [, , , idle = 0, ioWait = 0, , , stolen = 0] = passed;
    return { stolen: stolen / total, used: (total - idle - ioWait - stolen) / total };
  };
}

/** Ticks of all processors: user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5); guests are within user). */
function processorTimes(): number[] | undefined {
  if (!existsSync('/proc/stat')) return undefined;
  const [first = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  return first.trim().split(/\s+/).slice(1, 9).map(Number);
}
