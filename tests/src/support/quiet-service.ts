import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { eventually } from '@shelfcast/service-kit/eventually';
import * as assert from 'uvu/assert';
import { scriptArgs } from './script.ts';

export interface QuietServiceOptions {
  readonly workspace: string;
  /** Module of the workspace that is the process: `main`. */
  readonly main: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
}

/** A process that serves nothing but its health. */
export interface QuietService {
  stop(): Promise<void>;
}

const FOLDER = extname(import.meta.url) === '.js' ? 'dist' : 'src';

/** Starts one, beside the stack's own, and waits until it is ready. */
export async function startQuietService(options: QuietServiceOptions): Promise<QuietService> {
  const { workspace, main, port, env } = options;
  const args = scriptArgs(`../../../${workspace}/${FOLDER}/${main}`, import.meta.url);
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: `${port}`, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  await eventually(
    async () => {
      assert.is(child.exitCode, null, `${workspace} runs`);
      assert.is((await fetch(`http://127.0.0.1:${port}/readyz`)).status, 200);
    },
    { timeoutMs: 120_000, intervalMs: 200, what: `${workspace} is ready` },
  );
  return {
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
