import { z } from 'zod';
import { messageOf } from '../message-of.ts';

const MASK = '•••';

/** Names of fields and columns whose values are shown to operators only, separated by commas. */
export const maskedFields = () =>
  z
    .string()
    .default('')
    .transform(
      (text): ReadonlySet<string> =>
        new Set(
          text
            .split(',')
            .map((name) => name.trim())
            .filter(Boolean),
        ),
    );

/** A row in which the values of masked fields are not shown, those of records in it neither; a null stays one. */
export function masked<T>(row: T, fields: ReadonlySet<string>): T | Record<string, unknown> {
  if (fields.size === 0 || !isRecord(row)) return row;
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      fields.has(name) && value !== null ? MASK : maskedInside(value, fields),
    ]),
  );
}

function maskedInside(value: unknown, fields: ReadonlySet<string>): unknown {
  return Array.isArray(value)
    ? value.map((item) => maskedInside(item, fields))
    : masked(value, fields);
}

function isRecord(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

/** Errors quote what they are about. */
const MAX_TEXT = 10_000;
/** A piece of a value that tells something of it: parsers quote a few characters around what they do not take. */
const PIECE = 6;
/** Of a value that is compared. */
const MAX_VALUE = 100_000;

/** A text in which no value of a masked field can be read, nor a piece of one; `rows` hold the values. */
export function withoutMasked(
  given: string,
  rows: readonly unknown[],
  fields: ReadonlySet<string>,
): string {
  if (fields.size === 0) return given;
  const text = given.slice(0, MAX_TEXT);
  const values = new Set(rows.flatMap((row) => valuesOf(row, fields, false)));
  const spans = [...values].flatMap((value) => spansOf(text, value));
  let told = '';
  let end = 0;
  for (const span of spans.sort((one, other) => one.from - other.from)) {
    if (span.from > end || end === 0) told += text.slice(end, span.from) + MASK;
    end = Math.max(end, span.to);
  }
  return told + text.slice(end);
}

/** An error that may be told to those who may not see masked fields. */
export function withoutMaskedValues(
  error: unknown,
  rows: readonly unknown[],
  fields: ReadonlySet<string> = new Set(),
): unknown {
  if (fields.size === 0) return error;
  const message = messageOf(error);
  const told = withoutMasked(message, rows, fields);
  if (told === message) return error;
  const name = error instanceof Error ? error.name : 'Error';
  return Object.assign(new Error(told), { name });
}

function valuesOf(value: unknown, fields: ReadonlySet<string>, isMasked: boolean): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesOf(item, fields, isMasked));
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([name, member]) =>
      valuesOf(member, fields, isMasked || fields.has(name)),
    );
  }
  if (!isMasked || value === null || value === undefined || typeof value === 'symbol') return [];
  const text = value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
  return text === '' ? [] : [text, JSON.stringify(text).slice(1, -1)];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Where a text says a value: a short one as a word of its own, of others each piece. */
function spansOf(text: string, value: string): Span[] {
  if (value.length < PIECE) {
    const quoted = value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const word = new RegExp(`(?<![\\p{L}\\p{N}])${quoted}(?![\\p{L}\\p{N}])`, 'gu');
    return [...text.matchAll(word)].map(({ index }) => ({ from: index, to: index + value.length }));
  }
  const within = value.slice(0, MAX_VALUE);
  const spans: Span[] = [];
  for (let from = 0; from + PIECE <= text.length; from += 1) {
    const to = from + PIECE;
    if (within.includes(text.slice(from, to))) spans.push({ from, to });
  }
  return spans;
}
