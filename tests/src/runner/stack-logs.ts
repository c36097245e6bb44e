import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

/** The most of one log that is kept of a failed file: its end says what went wrong. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const MAX_SHOWN_LINES = 12;
/** Pino's warnings and above, log4j's, Postgres'. */
const TELLING = /"level":[456]0|\b(?:WARN|ERROR|FATAL|PANIC)\b/;

/** What a stack's components write to their logs while a test file runs. */
export interface LogMark {
  /**
   * Copies what was written since the mark into a folder, one file per component.
   * @returns the warnings and errors among it, the last few of each component; empty when nothing was written
   */
  keepIn(folder: string): string;
}

/** @param folders of logs, `*.log`; one that does not exist yet counts as empty */
export function markLogs(folders: readonly string[]): LogMark {
  const sizes = new Map(logsIn(folders).map((file) => [file, sizeOf(file)]));
  return {
    keepIn(folder) {
      const shown: string[] = [];
      for (const file of logsIn(folders)) {
        const text = readFrom(file, sizes.get(file) ?? 0);
        if (text === '') continue;
        mkdirSync(folder, { recursive: true });
        writeFileSync(join(folder, basename(file)), text);
        const telling = text.split('\n').filter((line) => TELLING.test(line));
        shown.push(
          ...telling
            .slice(-MAX_SHOWN_LINES)
            .map((line) => `${basename(file)}: ${line.slice(0, 300)}`),
        );
      }
      return shown.join('\n');
    },
  };
}

function logsIn(folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder).flatMap((name) => (name.endsWith('.log') ? [join(folder, name)] : []))
      : [],
  );
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function readFrom(file: string, offset: number): string {
  const size = sizeOf(file);
  // A log that is shorter than it was has been begun again.
  const start = Math.max(size < offset ? 0 : offset, size - MAX_KEPT_BYTES);
  if (size <= start) return '';
  const buffer = Buffer.alloc(size - start);
  const descriptor = openSync(file, 'r');
  try {
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, start));
  } finally {
    closeSync(descriptor);
  }
}
