import type { Violation } from '@shelfcast/service-kit/http/violation';
import { pointerStep } from '@shelfcast/service-kit/http/violation';
import type { JsonObject, JsonValue } from '../json/parse-json.ts';

/** What a caller wants published, in one shape for all formats. */
export interface Envelope {
  readonly topic: string;
  /** Undefined: the topic's key field decides. */
  readonly key: string | undefined;
  readonly data: JsonValue;
  /** Where `data` stands in the request's body (RFC 6901). */
  readonly dataPointer: string;
  /** The CloudEvents context, when it came in one. */
  readonly cloudEvent: CloudEventAttributes | undefined;
}

/** Attributes of a caller's CloudEvent (CloudEvents 1.0.2). */
export interface CloudEventAttributes {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  /** When the caller says it happened: handed on, never believed. */
  readonly time: string | undefined;
  /** Extension attributes by name. */
  readonly extensions: Readonly<Record<string, string>>;
}

export type ReadEnvelope =
  | { readonly ok: true; readonly envelope: Envelope }
  | { readonly ok: false; readonly violations: readonly Violation[] };

const MEMBERS: ReadonlySet<string> = new Set(['topic', 'data', 'key']);
const NUL = '\u0000';
/** Of a Kafka key that the sender gives, in characters. */
export const MAX_KEY_LENGTH = 1_024;

/** Reads `{topic, data, key?}`; `pointer` says where in the body it stands. */
export function readPlainEnvelope(body: JsonValue, pointer = ''): ReadEnvelope {
  if (!isObject(body)) return refuse(pointer, 'wrong_type', 'must be an object');
  const violations: Violation[] = [];
  const topic = body.get('topic');
  const key = body.get('key') ?? undefined;
  const data = body.get('data');
  if (typeof topic !== 'string') {
    violations.push(missingOrWrong(`${pointer}/topic`, topic, 'must be the name of a topic'));
  }
  if (data === undefined) violations.push(missingOrWrong(`${pointer}/data`, data, ''));
  if (key !== undefined && !isKey(key)) {
    const detail = `must be a string of 1 to ${MAX_KEY_LENGTH} characters`;
    violations.push({ pointer: `${pointer}/key`, code: 'wrong_type', detail });
  } else if (key?.includes(NUL)) {
    const detail = 'must not hold NUL, which no database takes';
    violations.push({ pointer: `${pointer}/key`, code: 'bad_character', detail });
  }
  for (const name of body.keys()) {
    if (MEMBERS.has(name) || violations.length >= 100) continue;
    const detail = 'is none of topic, data and key';
    violations.push({ pointer: pointer + pointerStep(name), code: 'unknown_field', detail });
  }
  if (violations.length > 0 || typeof topic !== 'string' || data === undefined) {
    return { ok: false, violations };
  }
  const dataPointer = `${pointer}/data`;
  const text = isKey(key) ? key : undefined;
  return { ok: true, envelope: { topic, key: text, data, dataPointer, cloudEvent: undefined } };
}

export function isKey(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_KEY_LENGTH;
}

export function missingOrWrong(
  pointer: string,
  value: JsonValue | undefined,
  detail: string,
): Violation {
  return value === undefined
    ? { pointer, code: 'missing', detail: 'is missing' }
    : { pointer, code: 'wrong_type', detail };
}

function refuse(pointer: string, code: Violation['code'], detail: string): ReadEnvelope {
  return { ok: false, violations: [{ pointer, code, detail }] };
}

export function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}
