import { ConfigError } from './config.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger } from './logging.ts';

/** The part of `process` that `runMain` touches; a fake in tests. */
export interface MainProcess {
  on(event: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
  on(
    event: 'uncaughtException' | 'unhandledRejection',
    listener: (error: unknown) => void,
  ): unknown;
  exit(code: number): void;
  readonly stderr: { write(text: string): unknown };
}

export interface MainContext {
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** Logs what happened, stops in order and exits with 1: for what a supervisor mends by a restart. */
  readonly fail: (error: Error) => void;
}

export interface MainOptions {
  readonly process: MainProcess;
  /** Reads the settings; whatever it throws ends the process before anything was started. */
  readonly logger: () => { readonly service: string } & Omit<
    Parameters<typeof createLogger>[0],
    'service'
  >;
  readonly start: (context: MainContext) => Promise<void>;
  /** Time stopping may take (default 10,000 ms). */
  readonly deadlineMs?: number;
}

/**
 * Runs a service: `start` opens things and registers how they are closed; SIGTERM or SIGINT closes
 * them and exits 0, a second signal exits 1 at once. A settings error is one message on standard
 * error and exit code 1; an uncaught error is logged as fatal, then the same as `fail`.
 */
export async function runMain(options: MainOptions): Promise<void> {
  const { process, start, deadlineMs } = options;
  let log: Logger;
  try {
    log = createLogger(options.logger());
  } catch (error) {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exit(1);
    return;
  }
  const lifecycle = createLifecycle({ log, ...(deadlineMs === undefined ? {} : { deadlineMs }) });

  const fail = (error: unknown, message: string): void => {
    log.fatal({ error }, message);
    void lifecycle.stop(message).then(() => process.exit(1));
  };
  const onSignal = (signal: string): void => {
    if (lifecycle.stopping) {
      log.warn({ signal }, 'second signal: exiting without waiting');
      process.exit(1);
      return;
    }
    void lifecycle.stop(signal).then((clean) => process.exit(clean ? 0 : 1));
  };
  process.on('SIGTERM', () => onSignal('SIGTERM'));
  process.on('SIGINT', () => onSignal('SIGINT'));
  process.on('uncaughtException', (error) => fail(error, 'uncaught exception'));
  process.on('unhandledRejection', (error) => fail(error, 'unhandled rejection'));

  try {
    await start({ lifecycle, log, fail: (error) => fail(error, error.message) });
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
    fail(error, 'could not start');
  }
}

function startFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
