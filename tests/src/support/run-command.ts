import { spawn } from 'node:child_process';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { fromEnvironment } from './environment.ts';

export interface CommandResult {
  readonly status: number | null;
  /** All it said, on both streams. */
  readonly output: string;
}

/** Pastes a command into a shell at the checkout's root, as its reader would; resolves when it has ended. */
export async function runCommand(
  command: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  // This test may itself run under make.
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
  const child = spawn('sh', ['-c', command], {
    cwd: checkoutRoot,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, SHELFCAST_STATE_DIR: fromEnvironment('TEST_STATE_DIR'), ...variables },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, output };
}
