import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { printableLines } from '@shelfcast/service-kit/process/print';
import { LocalError } from '../errors.ts';

/**
 * `make logs`: the end of one component's log, or of all; keeps following them unless told not to.
 * @throws {LocalError} `LOGS` when there is no such log
 */
export async function logs(
  stateDir: string,
  options: {
    service: string | undefined;
    follow: boolean;
    lines: number;
    write: (text: string) => void;
  },
): Promise<void> {
  const folder = join(stateDir, 'logs');
  const known = existsSync(folder)
    ? readdirSync(folder).flatMap((file) => (file.endsWith('.log') ? [file.slice(0, -4)] : []))
    : [];
  if (known.length === 0)
    throw new LocalError('LOGS', 'There are no logs yet: nothing was started here.');
  if (options.service !== undefined && !known.includes(options.service)) {
    throw new LocalError(
      'LOGS',
      `There is no log of "${options.service}". SERVICE is one of ${known.join(', ')}.`,
    );
  }
  const chosen = options.service === undefined ? known : [options.service];
  const tail = spawn(
    'tail',
    [
      ...['-n', `${options.lines}`],
      ...(options.follow ? ['-F'] : []),
      ...chosen.map((name) => join(folder, `${name}.log`)),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  // Logs hold text of rows and requests, which must not act on the terminal.
  const decoder = new TextDecoder();
  tail.stdout.on('data', (chunk: Buffer) => {
    options.write(printableLines(decoder.decode(chunk, { stream: true })));
  });
  await new Promise<void>((resolve, reject) => {
    tail.once('error', reject);
    tail.once('close', () => resolve());
  });
}
