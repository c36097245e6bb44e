import { existsSync } from 'node:fs';
import { print } from '@shelfcast/service-kit/process/print';
import { withLock } from '../lock.ts';
import { stopAll } from '../supervisor/client.ts';
import { runFiles } from '../supervisor/state.ts';
import { duration } from '../view/format.ts';

/** `make stop`: ends every process of the stack, in any state. The data stays. */
export async function stop(stateDir: string): Promise<void> {
  const startedAtMs = Date.now();
  const ended =
    existsSync(stateDir) &&
    (await withLock({ file: runFiles(stateDir).lock, doing: 'stopping', waitMs: 5_000 }, () =>
      stopAll(stateDir),
    ));
  print(
    ended
      ? `Stopped (${duration(Date.now() - startedAtMs)}). The data stays; "make reset" deletes it.`
      : 'Nothing was running.',
  );
}
