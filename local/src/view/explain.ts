import { LocalError } from '../errors.ts';
import { lastLines, readIfPresent } from '../files.ts';
import { StepError } from '../start/steps.ts';

const LOG_LINES = 30;

/** An error for the person at the keyboard: what failed and why, with the end of the log that tells more. */
export function explain(error: unknown): string {
  if (error instanceof StepError) {
    const reason = error.cause;
    return `\n${error.step} failed. ${explain(reason)}`;
  }
  if (error instanceof LocalError) return error.message + logEnd(error.logFile);
  if (!(error instanceof Error)) return String(error);
  // An error with a code was foreseen, and its message says what it means; anything else is a bug.
  return 'code' in error ? error.message : (error.stack ?? error.message);
}

function logEnd(logFile: string | undefined): string {
  const text = logFile === undefined ? undefined : readIfPresent(logFile);
  if (!text?.trim()) return '';
  const lines = lastLines(text, LOG_LINES)
    .split('\n')
    .map((line) => `  | ${line}`);
  return `\n\nThe end of ${logFile}:\n${lines.join('\n')}`;
}
