import { sayIssue } from '@shelfcast/service-kit/config/say-issue';
import { bodyOf } from '@shelfcast/service-kit/http/body';
import { invalid } from '@shelfcast/service-kit/http/problem';
import { violationsOf } from '@shelfcast/service-kit/http/violation';
import type { Request } from 'express';
import type { z } from 'zod';
import { exactNumber } from '../contract/numbers.ts';
import { JsonError, JsonNumber, type JsonValue, parseJson } from '../json/parse-json.ts';
import { requireJson } from './content-type.ts';

/**
 * The JSON body of a request to manage something.
 * @throws {Problem} 415, 422 with every violation; {JsonError} for what is no JSON
 */
export function readRequest<Schema extends z.ZodType>(
  request: Pick<Request, 'headers' | 'body'>,
  schema: Schema,
): z.output<Schema> {
  requireJson(request.headers);
  const parsed = schema.safeParse(plain(parseJson(bodyOf(request))), { error: sayIssue });
  if (parsed.success) return parsed.data;
  throw invalid(violationsOf(parsed.error));
}

/** As JSON.parse gives it, but for numbers that a double would change: those are refused. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) {
    const number = Number(value.text);
    if (exactNumber(value)?.eq(number)) return number;
    throw new JsonError(`the number ${value.text.slice(0, 60)} is not exact here`);
  }
  if (value instanceof Map) {
    return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]));
  }
  return Array.isArray(value) ? value.map(plain) : value;
}
