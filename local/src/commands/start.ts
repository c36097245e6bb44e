import { print, printError } from '@shelfcast/service-kit/process/print';
import type { LocalSettings } from '../settings.ts';
import { startWith } from '../stack.ts';
import { isUp, stopAll } from '../supervisor/client.ts';
import { duration } from '../view/format.ts';
import { progressView } from '../view/progress.ts';
import { welcome } from '../view/welcome.ts';

/** `make start`: brings everything up, or makes sure that it is, and prints where. */
export async function start(settings: LocalSettings): Promise<void> {
  const startedAtMs = Date.now();
  const view = progressView(process.stdout);
  undoOnInterrupt(settings.stateDir);
  try {
    const stack = await startWith(settings, { onProgress: view.listener });
    await view.finished();
    print(welcome(stack, duration(Date.now() - startedAtMs)));
  } finally {
    await view.finished();
  }
}

/** Ctrl-C during a start leaves things as they were: what was begun is ended, a stack that was up stays. */
function undoOnInterrupt(stateDir: string): void {
  const wasUp = isUp(stateDir);
  let interrupted = false;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Ctrl-C and timeouts reach this process twice, from the terminal and from make: the second must not end the undoing.
    process.on(name, async () => {
      if (interrupted) return;
      interrupted = true;
      if (!wasUp) {
        printError('\nInterrupted: ending what was begun.');
        await stopAll(stateDir);
      }
      process.exit(130);
    });
  }
}
