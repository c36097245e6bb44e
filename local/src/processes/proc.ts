/** Pure readings of Linux's /proc files (proc(5)). */

/** What `/proc/<pid>/stat` says of a process. Times are in clock ticks (1/100 s on every Linux Node runs on). */
export type ProcStat = { state: string; startTicks: number; cpuTicks: number };

/** Clock ticks per second of /proc times (`getconf CLK_TCK`). */
export const TICKS_PER_SECOND = 100;

/** Reads `/proc/<pid>/stat`. The command's name may hold spaces and parentheses, so fields count from the last `)`. */
export function parseProcStat(text: string): ProcStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, utime, stime, startTime] = [fields[0], fields[11], fields[12], fields[19]];
  if (!state || utime === undefined || stime === undefined || startTime === undefined) {
    return undefined;
  }
  return { state, startTicks: Number(startTime), cpuTicks: Number(utime) + Number(stime) };
}

/**
 * Resident memory in bytes from `/proc/<pid>/status`: what only this process holds, and what it may share with
 * others (shared memory, pages of files). Zero for a process without memory, such as a zombie.
 */
export function parseMemory(status: string): { ownBytes: number; sharedBytes: number } {
  const kilobytes = (field: string) => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
    return match?.[1] ? Number(match[1]) : 0;
  };
  return {
    ownBytes: kilobytes('RssAnon') * 1024,
    sharedBytes: (kilobytes('RssFile') + kilobytes('RssShmem')) * 1024,
  };
}

/** The parent's pid from `/proc/<pid>/status`. */
export function parseParentPid(status: string): number {
  const match = /^PPid:\s+(\d+)$/m.exec(status);
  return match?.[1] ? Number(match[1]) : 0;
}

/** Socket inodes that listen on `port`, from the text of `/proc/net/tcp` or `tcp6` (state 0A is LISTEN). */
export function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === '0A')
    .flatMap((fields) => fields[9] ?? []);
}

/** A command line out of `/proc/<pid>/cmdline`, shortened for a message. */
export function readableCommand(cmdline: string, maxLength = 100): string {
  const words = cmdline.split('\0').filter(Boolean).join(' ');
  return words.length > maxLength ? `${words.slice(0, maxLength - 1)}…` : words;
}
