import { isDerivedId } from '@shelfcast/schemas/change-id';
import type { Violation } from '@shelfcast/service-kit/http/violation';
import { JsonNumber, type JsonValue } from '../json/parse-json.ts';
import { isUriReference } from './uri-reference.ts';

/** Attributes of one event, and characters of a name and a value. */
export const MAX_ATTRIBUTES = 64;
const MAX_NAME_LENGTH = 64;
const MAX_VALUE_LENGTH = 1_024;
/** The specification has lower-case names, at most 20 characters recommended. Debezium sends `iodebeziumtxId`, and 31. */
const NAME = /^[A-Za-z0-9]+$/;
/** CloudEvents strings hold no control characters; in a header they could begin another one. */
const CONTROL = /\p{Cc}/u;
const JSON_TYPE = /^[\w.+-]+\/(?:[\w.+-]+\+)?json *(?:;|$)/i;
const INTEGER = /^-?(?:0|[1-9]\d{0,9})$/;
const MAX_INTEGER = 2 ** 31;
/** Attributes whose type is String, URI or Timestamp: in JSON all of them are strings. */
const TEXTS: ReadonlySet<string> = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema'],
  ...['topic', 'partitionkey'],
]);
/** What this API writes beside the sender's attributes: senders may not set it. */
const RESERVED: ReadonlySet<string> = new Set(['sourceid', 'sourcetime']);

type Problem = Pick<Violation, 'code' | 'detail'>;

/** What is wrong with an attribute by itself (CloudEvents 1.0.2, and its JSON format); undefined: nothing. */
export function checkAttribute(name: string, value: JsonValue): Problem | undefined {
  if (!NAME.test(name) || name.length > MAX_NAME_LENGTH) {
    const detail = `is no attribute name: 1 to ${MAX_NAME_LENGTH} letters and digits`;
    return { code: 'bad_format', detail };
  }
  const lowerCase = name.toLowerCase();
  if (name !== lowerCase && (TEXTS.has(lowerCase) || RESERVED.has(lowerCase))) {
    return { code: 'bad_format', detail: `is written ${lowerCase}` };
  }
  if (RESERVED.has(name)) {
    return { code: 'reserved', detail: 'is set by this API, from the sender’s id and time' };
  }
  if (typeof value !== 'string') return checkScalar(name, value);
  if (CONTROL.test(value)) {
    return { code: 'bad_character', detail: 'must not hold control characters' };
  }
  if (value.length > MAX_VALUE_LENGTH) {
    return { code: 'too_long', detail: `must have at most ${MAX_VALUE_LENGTH} characters` };
  }
  if (value === '') return undefined;
  if (name === 'id' && isDerivedId(value)) {
    const detail = 'has the form of a captured change’s id (UUID version 8): it needs another';
    return { code: 'reserved', detail };
  }
  if ((name === 'source' || name === 'dataschema') && !isUriReference(value)) {
    return { code: 'bad_format', detail: 'must be a URI reference (RFC 3986)' };
  }
  return undefined;
}

/** Whether a media type says that the data is JSON. */
export function isJsonType(mediaType: string): boolean {
  return JSON_TYPE.test(mediaType);
}

function checkScalar(name: string, value: JsonValue): Problem | undefined {
  if (TEXTS.has(name)) return { code: 'wrong_type', detail: 'must be a string' };
  if (typeof value === 'boolean') return undefined;
  if (!(value instanceof JsonNumber) || !INTEGER.test(value.text)) {
    return { code: 'wrong_type', detail: 'must be a string, a boolean or an integer' };
  }
  const number = Number(value.text);
  if (number >= -MAX_INTEGER && number < MAX_INTEGER) return undefined;
  return { code: 'out_of_range', detail: 'must be an integer of 32 bits, or a string' };
}
