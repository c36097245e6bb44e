/** Something the person at the keyboard can mend: printed without a stack trace, followed by the end of a log if one tells more. */
export class LocalError extends Error {
  readonly code: string;
  /** The log whose last lines explain the failure. */
  readonly logFile: string | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; logFile?: string } = {}) {
    super(message, { cause: options.cause });
    this.name = 'LocalError';
    this.code = code;
    this.logFile = options.logFile;
  }
}
