import { spawn } from 'node:child_process';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { fromEnvironment } from './environment.ts';

export interface CommandResult {
  readonly status: number | null;
  /** All it said, on both streams. */
  readonly output: string;
}

export interface RunningCommand {
  readonly ended: Promise<CommandResult>;
  /** Kills it, and all that it has started. */
  kill(): void;
}

/** Pastes a command into a shell at the checkout's root, as its reader would; resolves when it has ended. */
export function runCommand(
  command: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  return start(command, variables, { ownGroup: false }).ended;
}

/** As `runCommand`, without waiting for its end; its test has to. */
export function startCommand(
  command: string,
  variables: Readonly<Record<string, string>> = {},
): RunningCommand {
  return start(command, variables, { ownGroup: true });
}

function start(
  command: string,
  variables: Readonly<Record<string, string>>,
  { ownGroup }: { readonly ownGroup: boolean },
): RunningCommand {
  // This test may itself run under make.
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
  const child = spawn('sh', ['-c', command], {
    cwd: checkoutRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
    env: { ...env, SHELFCAST_STATE_DIR: fromEnvironment('TEST_STATE_DIR'), ...variables },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return {
    ended: new Promise((resolve) => child.on('close', (status) => resolve({ status, output }))),
    kill() {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    },
  };
}
