import { spawn } from 'node:child_process';
import { printError } from '@shelfcast/service-kit/process/print';
import { serviceEnv } from '../components/services.ts';
import type { LocalSettings } from '../settings.ts';
import { isDown, NOT_UP } from './not-up.ts';

/**
 * Runs a command with the stack's addresses in its environment, so that the other packages' commands need not know
 * how the ports were moved. What the environment already says wins.
 * @returns the exit code
 */
export async function exec(settings: LocalSettings, command: readonly string[]): Promise<number> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: {
      ...serviceEnv(settings),
      CDC_DATABASE_PASSWORD: settings.debeziumPassword,
      REPLICATION_FACTOR: `${settings.capture.replicationFactor}`,
      ...process.env,
    },
  });
  // Ctrl-C reaches the command itself, which decides what it means.
  process.on('SIGINT', () => {});
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exit) => resolve(exit ?? 1));
  });
  if (code !== 0 && (await isDown(settings))) printError(NOT_UP);
  return code;
}
