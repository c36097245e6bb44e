import { spawn } from 'node:child_process';
import type { Outcome } from './verdict.ts';

export interface RunFileOptions {
  /** What Node is to run: the file, and the flags it needs. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs one test file in a process group of its own and waits for it to end. Out of time or aborted, the
 * whole group is killed, so that what a hanging test started does not outlive it.
 */
export function runFile(options: RunFileOptions): Promise<Outcome> {
  const { args, cwd, env, timeoutMs, signal } = options;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let timedOut = false;
    const killGroup = () => {
      timedOut = true;
      killProcessGroup(child.pid);
    };
    const timer = setTimeout(killGroup, timeoutMs);
    signal.addEventListener('abort', killGroup, { once: true });
    if (signal.aborted) killGroup();

    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const settle = (exitCode: number | null, exitSignal: string | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', killGroup);
      resolve({ exitCode, signal: exitSignal, timedOut, output });
    };
    child.on('error', (error) => {
      output += `${error.message}\n`;
      settle(null, null);
    });
    // A grandchild may hold the pipes open after the test has ended: once the test is gone, so is its group.
    child.on('exit', () => killProcessGroup(child.pid));
    child.on('close', settle);
  });
}

function killProcessGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is already gone.
  }
}
