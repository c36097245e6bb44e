import { pointerStep, type Violation } from '@shelfcast/service-kit/http/violation';
import { exactInstant } from '../contract/instants.ts';
import { JsonError, JsonNumber, type JsonValue, parseJson } from '../json/parse-json.ts';
import { checkAttribute, isJsonType, MAX_ATTRIBUTES } from './cloud-event-attributes.ts';
import { type Envelope, isObject, type ReadEnvelope } from './envelope.ts';

const TYPE_PREFIX = 'shelfcast.';
const MAX_VIOLATIONS = 100;
/** Go's library has nanoseconds; the time is handed on as it is. */
const FINER_THAN_US = /(\.\d{6})\d+/;
/** Attributes with a meaning of their own here; all others are handed on. */
const OWN: ReadonlySet<string> = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema'],
  ...['topic', 'partitionkey'],
]);

/** Reads a CloudEvent in structured mode (JSON event format); `pointer` says where in the body it stands. */
export function readStructured(body: JsonValue, pointer = ''): ReadEnvelope {
  if (!isObject(body)) {
    return {
      ok: false,
      violations: [{ pointer, code: 'wrong_type', detail: 'must be an object' }],
    };
  }
  const attributes = new Map(
    [...body].filter(([name]) => name !== 'data' && name !== 'data_base64'),
  );
  const violations: Violation[] = [];
  const at = (name: string) => pointer + pointerStep(name);
  return readAttributes(attributes, readData(body, pointer, violations), at, violations);
}

/**
 * Reads a CloudEvent in binary mode: its attributes are the `ce-` headers, the body is its data.
 * @param headers all headers of the request, names in lower case
 */
export function readBinary(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  data: JsonValue,
): ReadEnvelope {
  const attributes = new Map<string, JsonValue>();
  const violations: Violation[] = [];
  const at = (name: string) => `header ce-${name}`;
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith('ce-') || typeof value !== 'string') continue;
    const name = header.slice('ce-'.length);
    const text = percentDecoded(value);
    if (text !== undefined) attributes.set(name, text);
    else
      violations.push({
        pointer: at(name),
        code: 'bad_format',
        detail: 'is not percent-encoded UTF-8',
      });
  }
  return readAttributes(attributes, { value: data, pointer: '' }, at, violations);
}

interface Data {
  readonly value: JsonValue;
  readonly pointer: string;
}

/** `data`, or the JSON text in `data_base64`. */
function readData(
  body: ReadonlyMap<string, JsonValue>,
  pointer: string,
  violations: Violation[],
): Data {
  const at = `${pointer}/data`;
  const atBytes = `${pointer}/data_base64`;
  const bytes = body.get('data_base64') ?? undefined;
  const refuse = (where: string, code: Violation['code'], detail: string): Data => {
    violations.push({ pointer: where, code, detail });
    return { value: null, pointer: where };
  };
  if (bytes === undefined) {
    const value = body.get('data');
    if (value === undefined) return refuse(at, 'missing', 'is missing');
    return { value, pointer: at };
  }
  if (body.has('data')) return refuse(atBytes, 'unknown_field', 'cannot stand beside data');
  if (typeof bytes !== 'string' || !BASE64.test(bytes)) {
    return refuse(atBytes, 'bad_format', 'must be base64');
  }
  try {
    return { value: parseJson(Buffer.from(bytes, 'base64')), pointer: atBytes };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refuse(atBytes, 'bad_format', `must hold JSON: ${error.message}`);
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function readAttributes(
  attributes: ReadonlyMap<string, JsonValue>,
  data: Data,
  at: (name: string) => string,
  violations: Violation[],
): ReadEnvelope {
  const texts = new Map<string, string>();
  for (const [name, value] of attributes) {
    if (value === null) continue; // the same as not given
    const problem = checkAttribute(name, value);
    if (problem === undefined) texts.set(name, textOf(value));
    else if (violations.length < MAX_VIOLATIONS) violations.push({ pointer: at(name), ...problem });
  }
  if (attributes.size > MAX_ATTRIBUTES) {
    const detail = `there are more than ${MAX_ATTRIBUTES} attributes`;
    violations.push({ pointer: at(''), code: 'too_long', detail });
  }
  const required = (name: string): string => {
    const text = texts.get(name);
    if (text) return text;
    const isRefused = (attributes.get(name) ?? null) !== null && text === undefined;
    if (!isRefused) violations.push({ pointer: at(name), code: 'missing', detail: 'is missing' });
    return '';
  };
  const refuse = (name: string, detail: string) =>
    violations.push({ pointer: at(name), code: 'bad_format', detail });
  const version = required('specversion');
  if (version !== '' && version !== '1.0') refuse('specversion', 'must be 1.0');
  const [id, source, type] = [required('id'), required('source'), required('type')];
  const contentType = texts.get('datacontenttype');
  if (contentType !== undefined && !isJsonType(contentType)) {
    refuse('datacontenttype', 'must be JSON: the topic’s schema decides how it is written');
  }
  const time = texts.get('time');
  if (time !== undefined && exactInstant(time.replace(FINER_THAN_US, '$1')) === undefined) {
    refuse('time', 'must be an RFC 3339 time');
  }
  if (violations.length > 0) return { ok: false, violations };
  const envelope: Envelope = {
    topic:
      texts.get('topic') ?? (type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type),
    key: texts.get('partitionkey') || undefined,
    data: data.value,
    dataPointer: data.pointer,
    cloudEvent: {
      ...{ id, source, type, time },
      subject: texts.get('subject') || undefined,
      extensions: Object.fromEntries([...texts].filter(([name]) => !OWN.has(name))),
    },
  };
  return { ok: true, envelope };
}

/** Of an attribute that was checked: a string, a boolean or an integer. */
function textOf(value: JsonValue): string {
  return value instanceof JsonNumber ? value.text : String(value);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
