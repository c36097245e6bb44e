import { existsSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { print } from '@shelfcast/service-kit/process/print';
import { LocalError } from '../errors.ts';
import { withLock } from '../lock.ts';
import { stopAll } from '../supervisor/client.ts';
import { runFiles } from '../supervisor/state.ts';

/**
 * `make reset`: ends everything and deletes the stack's state, after asking. Downloads are kept.
 * @throws {LocalError} `NOT_CONFIRMED` unless the answer, or `yes`, allows it
 */
export async function reset(stateDir: string, options: { yes: boolean }): Promise<void> {
  if (!existsSync(stateDir)) {
    print('There is nothing to delete.');
    return;
  }
  if (!options.yes) await confirm(`Delete every database, topic and schema in ${stateDir}? [y/N] `);
  await withLock({ file: runFiles(stateDir).lock, doing: 'resetting', waitMs: 0 }, async () => {
    await stopAll(stateDir);
    rmSync(stateDir, { recursive: true, force: true });
  });
  print('Deleted. "make start" starts afresh.');
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new LocalError(
      'NOT_CONFIRMED',
      'This deletes every database and topic. Say YES=1 to do it without being asked.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question(question);
  terminal.close();
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new LocalError('NOT_CONFIRMED', 'Nothing was deleted.');
}
