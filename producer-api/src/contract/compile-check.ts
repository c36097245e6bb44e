import {
  pointerStep,
  type Violation,
  type ViolationCode,
} from '@shelfcast/service-kit/http/violation';
import { JsonNumber, type JsonObject, type JsonValue, parseJson } from '../json/parse-json.ts';
import { compileBounds } from './bounds.ts';
import { exactDate, exactInstant } from './instants.ts';
import { exactNumber, wholeDigits } from './numbers.ts';
import type { FieldShape, IntegerShape, RecordShape, Shape, StringShape } from './shape.ts';

/** A value as the codec writes it: long → bigint, decimal → text, timestamp → bigint, bytes → bytes. */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AvroValue[]
  | AvroRecord;
export type AvroRecord = { readonly [field: string]: AvroValue };

/** Turns JSON into what Avro takes; what is wrong is added to `found`, and the result then means nothing. */
type Check = (value: JsonValue, pointer: string, found: Violation[]) => AvroValue;

/** More would not help the sender, and cost bandwidth. */
const MAX_VIOLATIONS = 100;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const INTEGER_RANGE = {
  32: { minimum: '-2147483648', maximum: '2147483647' },
  64: { minimum: '-9223372036854775808', maximum: '9223372036854775807' },
} as const;

/** Kinds whose default Avro writes as events write the value itself. */
const PLAIN_DEFAULTS: ReadonlySet<Shape['kind']> = new Set([
  'boolean',
  'string',
  'integer',
  'enum',
]);

export type CheckedEvent =
  | { readonly ok: true; readonly value: AvroRecord }
  | { readonly ok: false; readonly violations: readonly Violation[] };

/**
 * Compiles the check of a topic's events. It finds every violation, not only the first, and keeps every digit:
 * a number that Avro's type cannot hold exactly is a violation.
 * @returns a function of the event's JSON and the pointer to it in the request
 */
export function compileCheck(
  shape: RecordShape,
): (value: JsonValue, pointer: string) => CheckedEvent {
  const check = checkRecord(shape);
  return (json, pointer) => {
    const found: Violation[] = [];
    const value = check(json, pointer, found);
    if (found.length === 0 && value !== undefined) return { ok: true, value };
    return { ok: false, violations: found.slice(0, MAX_VIOLATIONS) };
  };
}

function compile(shape: Shape): Check {
  switch (shape.kind) {
    case 'boolean':
      return (value, at, found) =>
        typeof value === 'boolean' ? value : wrong(found, at, 'must be true or false');
    case 'string':
      return checkString(shape);
    case 'integer':
      return checkInteger(shape);
    case 'float':
      return checkFloat(compileBounds(shape.bounds));
    case 'decimal':
      return checkDecimal(shape, compileBounds(shape.bounds));
    case 'instant':
      return checkInstant(shape.unit);
    case 'date':
      return checkDate;
    case 'bytes':
      return checkBytes(shape.size);
    case 'enum': {
      const symbols = new Set(shape.symbols);
      return (value, at, found) =>
        typeof value === 'string' && symbols.has(value)
          ? value
          : wrong(found, at, `must be one of ${shape.symbols.join(', ')}`);
    }
    case 'array': {
      const items = compile(shape.items);
      return (value, at, found) =>
        Array.isArray(value)
          ? value.map((item, index) => items(item, `${at}/${index}`, found))
          : wrong(found, at, 'must be an array');
    }
    case 'map':
      return checkMap(compile(shape.values));
    case 'nullable': {
      const of = compile(shape.of);
      return (value, at, found) => (value === null ? null : of(value, at, found));
    }
    case 'record': {
      const record = checkRecord(shape);
      return (value, at, found) => record(value, at, found) ?? null;
    }
  }
}

function checkRecord(
  shape: RecordShape,
): (value: JsonValue, pointer: string, found: Violation[]) => AvroRecord | undefined {
  const fields = new Map(shape.fields.map((field) => [field.name, compileField(field)]));
  return (value, at, found) => {
    if (!isObject(value)) {
      wrong(found, at, 'must be an object');
      return undefined;
    }
    const record: Record<string, AvroValue> = {};
    for (const [name, { check, step, optional, fallback }] of fields) {
      const given = value.get(name);
      if (given !== undefined) record[name] = check(given, at + step, found);
      else if (!optional) add(found, at + step, 'missing', 'is missing');
      else if (fallback !== undefined) record[name] = fallback;
    }
    for (const name of value.keys()) {
      if (found.length > MAX_VIOLATIONS) break;
      if (!fields.has(name)) {
        add(found, at + pointerStep(name), 'unknown_field', 'is no field of this topic’s events');
      }
    }
    for (const [first, second] of shape.ordered) {
      if (!inOrder(record[first], record[second])) {
        add(found, at + pointerStep(second), 'bad_order', `must be after ${first}`);
      }
    }
    return record;
  };
}

interface CompiledField {
  readonly check: Check;
  readonly step: string;
  readonly optional: boolean;
  /** What stands in for a field that is left out; undefined: Avro's own default does. */
  readonly fallback: AvroValue | undefined;
}

function compileField({ name, shape, optional, defaultText }: FieldShape): CompiledField {
  const check = compile(shape);
  const isPlain = defaultText === 'null' || PLAIN_DEFAULTS.has(shape.kind);
  const fallback =
    defaultText === undefined || !isPlain
      ? undefined
      : plainDefault(check, parseJson(Buffer.from(defaultText)));
  return { check, step: pointerStep(name), optional, fallback };
}

function plainDefault(check: Check, json: JsonValue): AvroValue | undefined {
  const found: Violation[] = [];
  const value = check(json, '', found);
  return found.length === 0 ? value : undefined;
}

function checkString({
  minLength,
  maxLength = Number.POSITIVE_INFINITY,
  uuid,
}: StringShape): Check {
  return (value, at, found) => {
    if (typeof value !== 'string') return wrong(found, at, 'must be a string');
    if (value.includes('\u0000')) {
      // Neither Postgres' text nor most other stores can hold it.
      return add(found, at, 'bad_character', 'must not contain U+0000');
    }
    if (uuid && !UUID.test(value)) return add(found, at, 'bad_format', 'must be a UUID');
    // Code units are an upper bound of the characters.
    const length =
      value.length > maxLength || value.length < 2 * minLength ? [...value].length : undefined;
    if (length !== undefined && length < minLength) {
      return add(found, at, 'too_short', `must have at least ${characters(minLength)}`);
    }
    if (length !== undefined && length > maxLength) {
      return add(found, at, 'too_long', `must have at most ${characters(maxLength)}`);
    }
    return value;
  };
}

function checkInteger({ bits, bounds }: IntegerShape): Check {
  const outOfType = compileBounds(INTEGER_RANGE[bits]);
  const outOfRange = compileBounds(bounds);
  return (value, at, found) => {
    // Text as well for 64 bits: JavaScript's own numbers end at 2^53.
    const number = bits === 64 || value instanceof JsonNumber ? exactNumber(value) : undefined;
    if (number === undefined) return wrong(found, at, 'must be a whole number');
    if (!number.isInteger()) return add(found, at, 'not_exact', 'must be a whole number');
    const problem = outOfType(number) ?? outOfRange(number);
    if (problem !== undefined) return add(found, at, 'out_of_range', problem);
    return bits === 64 ? BigInt(number.toFixed()) : number.toNumber();
  };
}

function checkFloat(outOfRange: ReturnType<typeof compileBounds>): Check {
  return (value, at, found) => {
    const number = value instanceof JsonNumber ? exactNumber(value) : undefined;
    if (number === undefined) return wrong(found, at, 'must be a number');
    const float = number.toNumber();
    if (!Number.isFinite(float)) return add(found, at, 'out_of_range', 'is too large');
    if (number.isInteger() && !number.eq(float)) {
      return add(found, at, 'not_exact', 'has more digits than this topic’s schema can hold');
    }
    const problem = outOfRange(number);
    return problem === undefined ? float : add(found, at, 'out_of_range', problem);
  };
}

function checkDecimal(
  { precision, scale }: { readonly precision: number; readonly scale: number },
  outOfRange: ReturnType<typeof compileBounds>,
): Check {
  return (value, at, found) => {
    const number = exactNumber(value);
    if (number === undefined) {
      return wrong(found, at, 'must be a number, or decimal text such as "19.90"');
    }
    if (number.decimalPlaces() > scale) {
      return add(found, at, 'not_exact', `must have at most ${scale} digits after the point`);
    }
    if (wholeDigits(number) > precision - scale) {
      return add(
        found,
        at,
        'out_of_range',
        `must have at most ${precision - scale} digits before the point`,
      );
    }
    const problem = outOfRange(number);
    return problem === undefined ? number.toFixed(scale) : add(found, at, 'out_of_range', problem);
  };
}

function checkInstant(unit: 'ms' | 'us'): Check {
  return (value, at, found) => {
    const unixUs = typeof value === 'string' ? exactInstant(value) : undefined;
    if (unixUs === undefined) {
      const words = 'must be a time such as "2026-01-31T12:00:00Z" (RFC 3339), to the microsecond';
      return typeof value === 'string'
        ? add(found, at, 'bad_format', words)
        : wrong(found, at, words);
    }
    if (unit === 'us') return unixUs;
    return unixUs % 1000n === 0n
      ? unixUs / 1000n
      : add(found, at, 'not_exact', 'must not be finer than a millisecond');
  };
}

const checkDate: Check = (value, at, found) => {
  const days = typeof value === 'string' ? exactDate(value) : undefined;
  if (days !== undefined) return days;
  const words = 'must be a date such as "2026-01-31"';
  return typeof value === 'string' ? add(found, at, 'bad_format', words) : wrong(found, at, words);
};

function checkBytes(size: number | undefined): Check {
  return (value, at, found) => {
    if (typeof value !== 'string') return wrong(found, at, 'must be base64 text');
    if (!BASE64.test(value)) return add(found, at, 'bad_format', 'must be base64 text');
    const bytes = Buffer.from(value, 'base64');
    if (size === undefined || bytes.length === size) return bytes;
    return add(found, at, bytes.length < size ? 'too_short' : 'too_long', `must be ${size} bytes`);
  };
}

function checkMap(values: Check): Check {
  return (value, at, found) => {
    if (!isObject(value)) return wrong(found, at, 'must be an object');
    const entries = [...value].map(([name, member]): [string, AvroValue] => {
      const pointer = at + pointerStep(name);
      if (name.includes('\u0000')) add(found, pointer, 'bad_character', 'must not contain U+0000');
      return [name, values(member, pointer, found)];
    });
    // fromEntries defines members, so that even `__proto__` is one.
    return Object.fromEntries(entries);
  };
}

function inOrder(first: AvroValue | undefined, second: AvroValue | undefined): boolean {
  const comparable = (value: AvroValue | undefined) =>
    typeof value === 'bigint' || typeof value === 'number';
  return !comparable(first) || !comparable(second) || first < second;
}

function characters(count: number): string {
  return count === 1 ? '1 character' : `${count} characters`;
}

function wrong(found: Violation[], pointer: string, detail: string): null {
  return add(found, pointer, 'wrong_type', detail);
}

function add(found: Violation[], pointer: string, code: ViolationCode, detail: string): null {
  if (found.length <= MAX_VIOLATIONS) found.push({ pointer, code, detail });
  return null;
}

function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}
