import { spawn } from 'node:child_process';
import { checkoutRoot } from '@shelfcast/local/checkout';
import { fromEnvironment } from './environment.ts';

/** Runs `make target` on the shared stack as a person would; resolves when it has ended, with all it said. */
export async function makeTarget(
  target: string,
  variables: Record<string, string> = {},
): Promise<{ status: number | null; output: string }> {
  // This test may itself run under make.
  const { MAKEFLAGS: _, MAKELEVEL: __, MFLAGS: ___, ...env } = process.env;
  const child = spawn('make', [target], {
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
