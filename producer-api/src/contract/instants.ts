import { parseInstant } from '@shelfcast/schemas/temporal';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MS_PER_DAY = 86_400_000;
const MORE_DIGITS_THAN_KEPT = /\.\d{6}\d*[1-9]/;

/** RFC 3339 text → Unix microseconds; undefined for what is none, or no such day, or finer than a microsecond. */
export function exactInstant(text: string): bigint | undefined {
  if (MORE_DIGITS_THAN_KEPT.test(text) || exactDate(text.slice(0, 10)) === undefined) {
    return undefined;
  }
  return parseInstant(text);
}

/** `YYYY-MM-DD` → days since 1970-01-01; undefined for what is none (2026-02-30). */
export function exactDate(text: string): number | undefined {
  if (!DATE.test(text)) return undefined;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // A Date would turn the 30th of February into the 2nd of March.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) return undefined;
  return ms / MS_PER_DAY;
}
