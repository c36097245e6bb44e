import { invalid, Problem } from '@shelfcast/service-kit/http/problem';
import { violationsOf } from '@shelfcast/service-kit/http/violation';
import express, { type Request, type RequestHandler } from 'express';
import type { z } from 'zod';

const MAX_BODY = '256kb';

/** Parses the body of requests that have one; `bodyOf` checks it. */
export function readJson(): RequestHandler {
  return express.json({ limit: MAX_BODY, strict: true });
}

/**
 * The JSON body of a request; an empty one is an empty object.
 * @throws {Problem} 415 for what is not JSON, 422 with every violation
 */
export function bodyOf<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): z.output<Schema> {
  const hasBody = request.headers['content-length'] !== '0' && 'content-type' in request.headers;
  if (hasBody && !request.is('application/json')) {
    throw new Problem('unsupported-media-type', 'The body has to be application/json');
  }
  return checked(request.body ?? {}, schema);
}

/** The query of a request. @throws {Problem} 422 with every violation */
export function queryOf<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): z.output<Schema> {
  return checked(request.query, schema);
}

/** @throws {Problem} 422 with every violation */
export function checked<Schema extends z.ZodType>(
  given: unknown,
  schema: Schema,
): z.output<Schema> {
  const text = textOf(given);
  // Postgres keeps this character in no text.
  if (text.includes('\\u0000')) {
    throw new Problem('invalid', 'The character U+0000 is taken nowhere');
  }
  // A schema passes over this member, as if it had not been said.
  if (text.includes('"__proto__":')) throw new Problem('invalid', '__proto__ is no member');
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw invalid(violationsOf(parsed.error));
}

function textOf(given: unknown): string {
  try {
    return JSON.stringify(given);
  } catch (cause) {
    throw new Problem('invalid', 'It is nested too deeply', { cause });
  }
}
