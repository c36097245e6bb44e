import type { IncomingHttpHeaders } from 'node:http';
import { sayIssue } from '@shelfcast/service-kit/config/say-issue';
import { bodyOf as bytesOf, type ReadBody } from '@shelfcast/service-kit/http/body';
import { invalid, Problem } from '@shelfcast/service-kit/http/problem';
import { violationsOf } from '@shelfcast/service-kit/http/violation';
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import { noQuery } from './read-query.ts';

const MAX_BODY_BYTES = 256 * 1024;

/** Reads and parses the body of requests that have one, and take nothing beside it; `bodyOf` checks it. */
export function readJson(readBody: ReadBody): RequestHandler[] {
  return [noQuery, readBody(MAX_BODY_BYTES), parseBody];
}

const parseBody: RequestHandler = (request, _response, next) => {
  const bytes = bytesOf(request);
  request.body = bytes.length === 0 || !isJson(request) ? undefined : parsed(bytes);
  next();
};

function isJson(request: Request): boolean {
  return Boolean(request.is('application/json'));
}

function parsed(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new Problem('malformed', 'The body is not JSON', { cause });
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new Problem('malformed', 'The body has to be an object');
}

/**
 * The JSON body of a request; an empty one is an empty object.
 * @throws {Problem} 415 for what is not JSON, 422 with every violation
 */
export function bodyOf<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): z.output<Schema> {
  // A body that says nothing of its type would be passed over, and with it a `dryRun`.
  if (hasBody(request.headers) && !isJson(request)) {
    throw new Problem('unsupported-media-type', 'The body has to be application/json');
  }
  return checked(request.body ?? {}, schema);
}

function hasBody({ 'content-length': length = '0', ...headers }: IncomingHttpHeaders): boolean {
  return length !== '0' || 'transfer-encoding' in headers;
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
  refuseOddTexts(given);
  const parsed = schema.safeParse(given, { error: sayIssue });
  if (parsed.success) return parsed.data;
  throw invalid(violationsOf(parsed.error));
}

/** Half of a character that takes two. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Members and values that the database cannot keep as they are, or the schema would not see. */
function refuseOddTexts(given: unknown): void {
  try {
    JSON.stringify(given, (name, value: unknown) => {
      // A schema passes over this member, as if it had not been said.
      if (name === '__proto__') throw new Problem('invalid', '__proto__ is no member');
      refuseOddText(name);
      if (typeof value === 'string') refuseOddText(value);
      return value;
    });
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('invalid', 'It is nested too deeply', { cause });
  }
}

function refuseOddText(text: string): void {
  if (text.includes('\u0000')) {
    throw new Problem('invalid', 'The character U+0000 is taken nowhere');
  }
  if (LONE_SURROGATE.test(text)) {
    throw new Problem('invalid', 'Half of a character (a lone surrogate) is taken nowhere');
  }
}
