import { type DestinationStream, type Logger as PinoLogger, pino, stdSerializers } from 'pino';

/** The logger every part is given; pino's, so that fields come first: `log.info({ topic }, 'text')`. */
export type Logger = PinoLogger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LoggerOptions {
  /** Which process: `catalogue`, `monitor`, … */
  readonly service: string;
  /** Which of several of its kind, or which site (INSTANCE_ID). */
  readonly instance: string;
  readonly level: LogLevel;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** Fields whose values never reach a log, at the top level or one below. */
const SECRETS = ['password', 'secret', 'token', 'authorization', 'cookie', 'connectionString'];

/**
 * JSON lines on standard output, one per event: `time` (ISO 8601), `level` by name, `service`,
 * `instance`, `msg`. An `error` field (or `err`) is written with its type, message, code, stack and
 * the chain of its causes; secrets are replaced.
 */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: stdSerializers.errWithCause, err: stdSerializers.errWithCause },
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Where in Kafka a line is about. */
export interface RecordFields {
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: bigint | string;
  readonly eventId?: string;
}

/** A logger whose lines name the record they are about. Offsets become text: JSON has no 64-bit integers. */
export function bindRecord(log: Logger, { offset, ...fields }: RecordFields): Logger {
  return log.child(offset === undefined ? fields : { ...fields, offset: String(offset) });
}

/** For tests and command-line tools that print their own words. */
export function silentLogger(): Logger {
  return pino({ level: 'silent' });
}
