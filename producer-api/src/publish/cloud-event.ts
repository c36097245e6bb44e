import { pointerStep, type Violation } from '@shelfcast/service-kit/http/violation';
import { exactInstant } from '../contract/instants.ts';
import type { JsonValue } from '../json/parse-json.ts';
import { attributeText, type Envelope, isObject, type ReadEnvelope } from './envelope.ts';

const ATTRIBUTE_NAME = /^[a-z0-9]{1,20}$/;
const MAX_VALUE_LENGTH = 1_024;
const MAX_ATTRIBUTES = 32;
/** CloudEvents strings hold no control characters; in a header they could begin another one. */
const CONTROL = /\p{Cc}/u;
const JSON_TYPE = /^[\w.+-]+\/(?:[\w.+-]+\+)?json *(?:;|$)/i;
const TYPE_PREFIX = 'shelfcast.';
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
  const attributes = new Map([...body].filter(([name]) => name !== 'data'));
  const violations: Violation[] = [];
  if (!body.has('data')) {
    const detail = body.has('data_base64') ? 'must be JSON, not bytes' : 'is missing';
    violations.push({ pointer: `${pointer}/data`, code: 'missing', detail });
    attributes.delete('data_base64');
  }
  const at = (name: string) => pointer + pointerStep(name);
  const data = { value: body.get('data') ?? null, pointer: `${pointer}/data` };
  return readAttributes(attributes, data, at, violations);
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

function readAttributes(
  attributes: ReadonlyMap<string, JsonValue>,
  data: { readonly value: JsonValue; readonly pointer: string },
  at: (name: string) => string,
  violations: Violation[],
): ReadEnvelope {
  const texts = new Map<string, string>();
  for (const [name, value] of attributes) {
    if (value === null) continue; // the same as not given
    const problem = problemOf(name, value);
    if (problem === undefined) texts.set(name, attributeText(value) ?? '');
    else if (violations.length < 100) violations.push({ pointer: at(name), ...problem });
  }
  if (attributes.size > MAX_ATTRIBUTES) {
    const detail = `there are more than ${MAX_ATTRIBUTES} attributes`;
    violations.push({ pointer: at(''), code: 'too_long', detail });
  }
  const required = (name: string): string => {
    const text = texts.get(name);
    if (text) return text;
    if (!attributes.has(name) || text === '') {
      violations.push({ pointer: at(name), code: 'missing', detail: 'is missing' });
    }
    return '';
  };
  const version = required('specversion');
  if (version !== '' && version !== '1.0') {
    violations.push({ pointer: at('specversion'), code: 'bad_format', detail: 'must be 1.0' });
  }
  const [id, source, type] = [required('id'), required('source'), required('type')];
  const contentType = texts.get('datacontenttype');
  if (contentType !== undefined && !JSON_TYPE.test(contentType)) {
    const detail = 'must be JSON: the topic’s schema decides how it is written';
    violations.push({ pointer: at('datacontenttype'), code: 'bad_format', detail });
  }
  const time = texts.get('time');
  if (time !== undefined && exactInstant(time) === undefined) {
    violations.push({
      pointer: at('time'),
      code: 'bad_format',
      detail: 'must be an RFC 3339 time',
    });
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

function problemOf(name: string, value: JsonValue): Pick<Violation, 'code' | 'detail'> | undefined {
  if (!ATTRIBUTE_NAME.test(name)) {
    return {
      code: 'bad_format',
      detail: 'is no attribute name: 1 to 20 lower-case letters and digits',
    };
  }
  const text = attributeText(value);
  if (text === undefined) {
    return { code: 'wrong_type', detail: 'must be a string, a boolean or an integer' };
  }
  if (CONTROL.test(text))
    return { code: 'bad_character', detail: 'must not hold control characters' };
  if (text.length > MAX_VALUE_LENGTH) {
    return { code: 'too_long', detail: `must have at most ${MAX_VALUE_LENGTH} characters` };
  }
  return undefined;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
