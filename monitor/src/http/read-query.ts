import { sayIssue } from '@shelfcast/service-kit/config/say-issue';
import { Problem } from '@shelfcast/service-kit/http/problem';
import type { RequestHandler } from 'express';
import { z } from 'zod';

/**
 * The query of a request.
 * @throws {Problem} 400 naming every parameter that is wrong, unknown ones too
 */
export function readQuery<Shape extends z.ZodRawShape>(
  query: unknown,
  shape: Shape,
): z.output<z.ZodObject<Shape>> {
  const parsed = z.strictObject(shape).safeParse(query, { error: sayIssue });
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new Problem('malformed', problems.join('; ').trim());
}

/** For routes without parameters: who gives one all the same (`?dryRun=true`) is told that it counts for nothing. */
export const noQuery: RequestHandler = (request, _response, next) => {
  readQuery(request.query, {});
  next();
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `30s`, `5m`, `1h`, `7d` or a number of seconds; seconds. */
export function duration({ min, max }: { readonly min: number; readonly max: number }) {
  return z.string().transform((text, context) => {
    const [, digits, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
    const seconds = Number(digits) * (UNIT_SECONDS[unit === '' ? 's' : unit] ?? Number.NaN);
    if (seconds >= min && seconds <= max) return seconds;
    context.issues.push({
      code: 'custom',
      message: `must be a time such as 30s, 5m, 1h or 7d, between ${min} and ${max} seconds`,
      input: text,
    });
    return z.NEVER;
  });
}

/** ISO 8601 with a zone, or Unix milliseconds; Unix milliseconds. */
export function instant() {
  return z.string().transform((text, context) => {
    const isMs = /^\d{1,15}$/.test(text);
    const ms = isMs
      ? Number(text)
      : /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)$/.test(text) && isDay(text.slice(0, 10))
        ? Date.parse(text)
        : Number.NaN;
    if (Number.isFinite(ms)) return ms;
    context.issues.push({
      code: 'custom',
      message: 'must be a time such as 2026-11-23T10:00:00Z, or milliseconds since 1970',
      input: text,
    });
    return z.NEVER;
  });
}

/** Whether the calendar has it: `Date` takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

/** A text to look for; empty counts as not given. */
export function words(maxLength: number) {
  return z
    .string()
    .max(maxLength)
    .transform((text) => (text === '' ? undefined : text.replaceAll('\u0000', '\uFFFD')))
    .optional();
}

/** A whole number in digits. */
export function whole({ min, max }: { readonly min: number; readonly max: number }) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min).max(max));
}
