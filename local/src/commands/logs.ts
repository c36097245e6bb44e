import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LocalError } from '../errors.ts';

/**
 * `make logs`: the end of one component's log, or of all; keeps following them unless told not to.
 * @throws {LocalError} `LOGS` when there is no such log
 */
export async function logs(
  stateDir: string,
  options: { service: string | undefined; follow: boolean; lines: number },
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
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    tail.once('error', reject);
    tail.once('exit', () => resolve());
  });
}
