import { ConfigError } from '../config/config.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLogger, type Logger, type LogLevel } from './logging.ts';
import { printableLines } from './print.ts';

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

export interface MainContext<Config> {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** Logs what happened, stops in order and exits 1: for what a supervisor mends by a restart. */
  readonly fail: (error: Error) => void;
}

export interface MainOptions<Config extends { INSTANCE_ID: string; LOG_LEVEL: LogLevel }> {
  readonly process: MainProcess;
  /** Name of the process in its logs. */
  readonly service: string;
  /** `() => loadConfig(schema, { env: process.env })` */
  readonly readConfig: () => Config;
  /** Opens things and registers with `lifecycle` how each is closed. */
  readonly start: (context: MainContext<Config>) => Promise<void>;
  /** Time stopping may take (default 10,000 ms). */
  readonly deadlineMs?: number;
}

/**
 * Runs a service until a signal. SIGTERM or SIGINT closes what was opened and exits 0 (1 when that
 * was not clean); a second signal exits 1 at once. Wrong settings are one message on standard error
 * and exit code 1. An uncaught error is logged as fatal, everything is closed, exit code 1.
 */
export async function runMain<Config extends { INSTANCE_ID: string; LOG_LEVEL: LogLevel }>(
  options: MainOptions<Config>,
): Promise<void> {
  const { process, service, readConfig, start, deadlineMs } = options;
  let config: Config;
  try {
    config = readConfig();
  } catch (error) {
    process.stderr.write(`${printableLines(`${service}: ${explain(error)}`)}\n`);
    process.exit(1);
    return;
  }
  const log = createLogger({ service, instance: config.INSTANCE_ID, level: config.LOG_LEVEL });
  const lifecycle = createLifecycle({ log, deadlineMs });

  const fail = (error: unknown, message: string): void => {
    log.fatal({ error }, message);
    void lifecycle.stop(message).then(() => process.exit(1));
  };
  const onSignal = (signal: string): void => {
    if (lifecycle.stopping) {
      log.warn({ signal }, 'exiting without waiting for the stop');
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
    await start({ config, lifecycle, log, fail: (error) => fail(error, error.message) });
  } catch (error) {
    // What depends on several settings (protected mode) is found out only now.
    if (error instanceof ConfigError)
      process.stderr.write(`${printableLines(`${service}: ${error.message}`)}\n`);
    if (!lifecycle.stopping) fail(error, 'could not start');
  }
}

/** Settings errors speak for themselves; for anything else the stack is what helps. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
