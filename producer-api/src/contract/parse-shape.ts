import { JsonNumber, type JsonObject, type JsonValue, parseJson } from '../json/parse-json.ts';
import { writeJson } from '../json/write-json.ts';
import { isAvroDefault } from './avro-default.ts';
import { type Bounds, isEmptyRange } from './bounds.ts';
import type { FieldShape, RecordShape, Shape } from './shape.ts';

/** A schema that events cannot be checked against; `pointer` says where in the schema (RFC 6901). */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code = 'UNSUPPORTED_SCHEMA';
  readonly retriable = false;
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(message);
    this.pointer = pointer;
  }
}

const MAX_DEPTH = 16;
const MAX_PARTS = 1_000;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const BOUND_NAMES = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'] as const;
const MAX_PRECISION = 1_000;

/**
 * Reads an Avro schema with our rules in it. Beyond Avro, the record may say
 *
 * - `key`: name of the string field that is the Kafka key,
 * - `ordered`: pairs of fields of which the first must be less than the second,
 *
 * and a field `minimum`, `exclusiveMinimum`, `maximum`, `exclusiveMaximum` (numbers), `minLength`, `maxLength`
 * (strings) and `example`. Other readers of the schema ignore these.
 * @throws {SchemaError} for what is no Avro, and for unions of several types and recursive types
 */
export function parseShape(schemaText: string): RecordShape {
  const parser = new ShapeParser();
  const shape = parser.shape(parseJson(Buffer.from(schemaText)), new Map(), '', 0);
  if (shape.kind !== 'record') throw new SchemaError('', 'an event has to be a record');
  return shape;
}

class ShapeParser {
  #parts = 0;
  /** Named types by their short and full names; null while one is being read. */
  readonly #named = new Map<string, Shape | null>();

  shape(schema: JsonValue, rules: JsonObject, at: string, depth: number): Shape {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS)
      throw new SchemaError(at, `there are more than ${MAX_PARTS} parts`);
    if (depth > MAX_DEPTH)
      throw new SchemaError(at, `it is nested deeper than ${MAX_DEPTH} levels`);
    if (typeof schema === 'string') return this.#simple(schema, rules, at);
    if (isList(schema)) return this.#union(schema, rules, at, depth);
    if (!isObject(schema)) throw new SchemaError(at, 'a type is a name, an object or a union');
    const type = schema.get('type');
    if (typeof type !== 'string') return this.shape(type ?? null, rules, `${at}/type`, depth + 1);
    switch (type) {
      case 'record':
        return this.#define(schema, at, () => this.#record(schema, at, depth));
      case 'enum':
        return this.#define(schema, at, () => ({ kind: 'enum', symbols: symbolsOf(schema, at) }));
      case 'fixed':
        return this.#define(schema, at, () => fixedShape(schema, rules, at));
      case 'array':
        return {
          kind: 'array',
          items: this.shape(schema.get('items') ?? null, new Map(), `${at}/items`, depth + 1),
        };
      case 'map':
        return {
          kind: 'map',
          values: this.shape(schema.get('values') ?? null, new Map(), `${at}/values`, depth + 1),
        };
      default:
        return this.#logical(type, schema, rules, at);
    }
  }

  #define(schema: JsonObject, at: string, make: () => Shape): Shape {
    const names = namesOf(schema, at);
    for (const name of names) {
      if (this.#named.has(name)) throw new SchemaError(`${at}/name`, `${name} is defined twice`);
      this.#named.set(name, null);
    }
    const shape = make();
    for (const name of names) this.#named.set(name, shape);
    return shape;
  }

  #logical(type: string, schema: JsonObject, rules: JsonObject, at: string): Shape {
    const logical = schema.get('logicalType');
    const is = (wantedType: string, wanted: string) => type === wantedType && logical === wanted;
    if (is('bytes', 'decimal')) return decimalShape(schema, rules, at);
    if (is('long', 'timestamp-micros')) return { kind: 'instant', unit: 'us' };
    if (is('long', 'timestamp-millis')) return { kind: 'instant', unit: 'ms' };
    if (is('int', 'date')) return { kind: 'date' };
    if (is('string', 'uuid')) return { ...stringShape(rules, at), uuid: true };
    return this.#simple(type, rules, at);
  }

  #simple(type: string, rules: JsonObject, at: string): Shape {
    switch (type) {
      case 'boolean':
        return { kind: 'boolean' };
      case 'string':
        return stringShape(rules, at);
      case 'int':
        return { kind: 'integer', bits: 32, bounds: boundsOf(rules, at) };
      case 'long':
        return { kind: 'integer', bits: 64, bounds: boundsOf(rules, at) };
      case 'float':
      case 'double':
        return { kind: 'float', bounds: boundsOf(rules, at) };
      case 'bytes':
        return { kind: 'bytes' };
      default: {
        const named = this.#named.get(type);
        if (named === null) throw new SchemaError(at, `${type} contains itself`);
        if (named === undefined)
          throw new SchemaError(at, `there is no type ${JSON.stringify(type)}`);
        // Written out again where it is used, so its parts count again.
        this.#parts += partsOf(named);
        return named;
      }
    }
  }

  #union(branches: readonly JsonValue[], rules: JsonObject, at: string, depth: number): Shape {
    const others = branches.flatMap((branch, index) =>
      branch === 'null' ? [] : [{ branch, index }],
    );
    const [only] = others;
    if (only === undefined || others.length > 1 || branches.length !== 2) {
      throw new SchemaError(at, 'a union is of null and one other type');
    }
    const of = this.shape(only.branch, rules, `${at}/${only.index}`, depth + 1);
    if (of.kind === 'nullable') throw new SchemaError(at, 'a union holds a union');
    return { kind: 'nullable', of };
  }

  #record(schema: JsonObject, at: string, depth: number): RecordShape {
    const given = schema.get('fields');
    if (!isList(given)) throw new SchemaError(`${at}/fields`, 'a record has a list of fields');
    const fields = given.map((field, index) => this.#field(field, `${at}/fields/${index}`, depth));
    const names = new Set(fields.map(({ name }) => name));
    if (names.size < fields.length)
      throw new SchemaError(`${at}/fields`, 'two fields have one name');
    return {
      kind: 'record',
      name: namesOf(schema, at)[0] ?? '',
      doc: textOf(schema, 'doc'),
      fields,
      ordered: orderedOf(schema, fields, at),
      key: keyOf(schema, fields, at),
    };
  }

  #field(field: JsonValue, at: string, depth: number): FieldShape {
    if (!isObject(field)) throw new SchemaError(at, 'a field is an object');
    const name = field.get('name');
    if (typeof name !== 'string' || !NAME.test(name) || name === '__proto__') {
      throw new SchemaError(`${at}/name`, 'a field has a name of letters, digits and underscores');
    }
    const type = field.get('type') ?? null;
    const shape = this.shape(type, field, `${at}/type`, depth + 1);
    const fallback = field.get('default');
    if (fallback !== undefined && !(isAvroDefault(shape, fallback) && fitsUnion(type, fallback))) {
      const words = 'is no value of its type, as Avro writes defaults';
      throw new SchemaError(`${at}/default`, `the default of field ${name} ${words}`);
    }
    const example = field.get('example');
    return {
      name,
      doc: textOf(field, 'doc'),
      shape,
      optional: fallback !== undefined,
      defaultText: fallback === undefined ? undefined : writeJson(fallback),
      exampleText: example === undefined ? undefined : writeJson(example),
    };
  }
}

/** A union's default is of its first branch. */
function fitsUnion(type: JsonValue, fallback: JsonValue): boolean {
  return !isList(type) || (type[0] === 'null') === (fallback === null);
}

function partsOf(shape: Shape): number {
  switch (shape.kind) {
    case 'record':
      return shape.fields.reduce((sum, field) => sum + partsOf(field.shape), 1);
    case 'nullable':
      return 1 + partsOf(shape.of);
    case 'array':
      return 1 + partsOf(shape.items);
    case 'map':
      return 1 + partsOf(shape.values);
    default:
      return 1;
  }
}

/** Short name first, then the full one where there is a namespace. */
function namesOf(schema: JsonObject, at: string): string[] {
  const name = schema.get('name');
  const namespace = schema.get('namespace');
  const parts = typeof name === 'string' ? name.split('.') : [];
  const short = parts.at(-1);
  if (short === undefined || !parts.every((part) => NAME.test(part))) {
    throw new SchemaError(`${at}/name`, 'a record, enum or fixed has a name');
  }
  if (parts.length > 1) return [short, parts.join('.')];
  return typeof namespace === 'string' ? [short, `${namespace}.${short}`] : [short];
}

function symbolsOf(schema: JsonObject, at: string): string[] {
  const given = schema.get('symbols');
  const symbols = isList(given) ? given.filter((symbol) => typeof symbol === 'string') : [];
  const valid =
    isList(given) &&
    symbols.length === given.length &&
    symbols.every((symbol) => NAME.test(symbol)) &&
    new Set(symbols).size === symbols.length;
  if (!valid || symbols.length === 0) {
    throw new SchemaError(`${at}/symbols`, 'an enum has a list of different names');
  }
  return symbols;
}

function fixedShape(schema: JsonObject, rules: JsonObject, at: string): Shape {
  if (schema.get('logicalType') === 'decimal') return decimalShape(schema, rules, at);
  const size = wholeNumber(schema, 'size', at) ?? 0;
  if (size === 0) throw new SchemaError(`${at}/size`, 'a fixed has a size in bytes');
  return { kind: 'bytes', size };
}

function decimalShape(schema: JsonObject, rules: JsonObject, at: string): Shape {
  const precision = wholeNumber(schema, 'precision', at) ?? 0;
  const scale = wholeNumber(schema, 'scale', at) ?? 0;
  if (schema.get('type') !== 'bytes') throw new SchemaError(at, 'a decimal is of type bytes');
  if (precision < 1 || precision > MAX_PRECISION || scale > precision) {
    throw new SchemaError(at, `a decimal has 1 to ${MAX_PRECISION} digits and a scale within them`);
  }
  return { kind: 'decimal', precision, scale, bounds: boundsOf(rules, at) };
}

function stringShape(rules: JsonObject, at: string) {
  const minLength = wholeNumber(rules, 'minLength', at) ?? 0;
  const maxLength = wholeNumber(rules, 'maxLength', at);
  if (maxLength !== undefined && maxLength < minLength) {
    throw new SchemaError(at, 'maxLength is below minLength');
  }
  return { kind: 'string', uuid: false, minLength, maxLength } as const;
}

function boundsOf(rules: JsonObject, at: string): Bounds {
  const bounds: Partial<Record<(typeof BOUND_NAMES)[number], string>> = {};
  for (const name of BOUND_NAMES) {
    const bound = rules.get(name);
    if (bound === undefined) continue;
    if (!(bound instanceof JsonNumber)) throw new SchemaError(at, `${name} has to be a number`);
    bounds[name] = bound.text;
  }
  if (isEmptyRange(bounds)) throw new SchemaError(at, 'no number is within its bounds');
  return bounds;
}

function orderedOf(
  schema: JsonObject,
  fields: readonly FieldShape[],
  at: string,
): [string, string][] {
  const given = schema.get('ordered') ?? [];
  if (!isList(given)) throw new SchemaError(`${at}/ordered`, 'it has to be a list of pairs');
  return given.map((pair, index) => {
    const [first, second] = isList(pair) ? pair : [];
    const comparable = (name: unknown) => {
      const shape = fields.find((field) => field.name === name)?.shape;
      const kind = shape?.kind === 'nullable' ? shape.of.kind : shape?.kind;
      return kind === 'instant' || kind === 'integer';
    };
    if (
      typeof first !== 'string' ||
      typeof second !== 'string' ||
      ![first, second].every(comparable)
    ) {
      throw new SchemaError(`${at}/ordered/${index}`, 'it has to name two timestamps or integers');
    }
    return [first, second];
  });
}

function keyOf(schema: JsonObject, fields: readonly FieldShape[], at: string): string | undefined {
  const key = schema.get('key');
  if (key === undefined) return undefined;
  const field = fields.find(({ name }) => name === key);
  if (field?.shape.kind !== 'string' || field.optional) {
    throw new SchemaError(`${at}/key`, 'the key has to be a required field of type string');
  }
  return field.name;
}

function wholeNumber(of: JsonObject, name: string, at: string): number | undefined {
  const value = of.get(name);
  if (value === undefined) return undefined;
  if (value instanceof JsonNumber && /^\d{1,9}$/.test(value.text)) return Number(value.text);
  throw new SchemaError(at, `${name} has to be a whole number`);
}

function textOf(of: JsonObject, name: string): string | undefined {
  const value = of.get(name);
  return typeof value === 'string' ? value : undefined;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return value instanceof Map;
}
