import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { listeningInodes, readableCommand } from './proc.ts';

/** The process that listens on a port, as far as the system lets us see. */
export type PortOwner = { pid: number; command: string };

/** Whether something accepts connections on a loopback port. */
export function isPortTaken(port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (taken: boolean) => {
      socket.destroy();
      resolve(taken);
    };
    socket.setTimeout(timeoutMs, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Who listens on a port; undefined for a free port and where another user's process hides it from us. */
export async function portOwner(port: number): Promise<PortOwner | undefined> {
  return process.platform === 'linux' ? linuxOwner(port) : lsofOwner(port);
}

async function linuxOwner(port: number): Promise<PortOwner | undefined> {
  const tables = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return undefined;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const fd of fds) {
      const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (!sockets.has(target)) continue;
      const cmdline = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: readableCommand(cmdline) };
    }
  }
  return undefined;
}

async function lsofOwner(port: number): Promise<PortOwner | undefined> {
  const run = promisify(execFile);
  try {
    const listeners = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t']);
    const pid = Number(listeners.stdout.split('\n')[0]);
    if (!pid) return undefined;
    const { stdout } = await run('ps', ['-o', 'command=', '-p', String(pid)]);
    return { pid, command: readableCommand(stdout.trim()) };
  } catch {
    return undefined;
  }
}
