import type { schema as avsc } from 'avsc';
import { CodecError } from '../errors.ts';
import { semanticAttributes } from './semantic-types.ts';

/** Bounds of what is still taken for a schema; a table of 1,600 columns stays far below them. */
const MAX_CHARACTERS = 4 * 1024 * 1024;
const MAX_NODES = 100_000;
const MAX_DEPTH = 64;
const MAX_FIXED_BYTES = 1024 * 1024;

/** A schema in avsc's own terms; an array is a union. */
export type AvroSchema = Defined | Defined[];
type Defined = Exclude<avsc.AvroSchema, readonly unknown[]>;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the JSON of a writer's schema and keeps what decoding needs: structure, names, decimals and the
 * semantic types of Connect and Debezium (`connect.name`), which become logical types. Defaults, aliases
 * and docs go: only a reader's count, and Connect writes defaults that avsc refuses.
 * @throws {CodecError} BAD_SCHEMA, or HOSTILE_SCHEMA when compiling it would exhaust the process
 */
export function parseWriterSchema(text: string): AvroSchema {
  if (text.length > MAX_CHARACTERS) throw hostile(`it has ${text.length} characters`);
  return new Parser().node(parseJson(text), 0);
}

/** Reads JSON text; too deep a nesting overflows the stack of JSON.parse and counts as hostile. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof RangeError) throw hostile('it is nested too deep to be read');
    throw new CodecError('The schema is not JSON', { code: 'BAD_SCHEMA', cause });
  }
}

class Parser {
  #nodes = 0;

  node(schema: unknown, depth: number): AvroSchema {
    if (depth > MAX_DEPTH) throw hostile(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES) throw hostile(`it has more than ${MAX_NODES} parts`);

    if (typeof schema === 'string') return schema;
    if (Array.isArray(schema)) return schema.map((branch) => this.#branch(branch, depth + 1));
    if (!isFields(schema)) throw bad(`${JSON.stringify(schema)} is no type`);
    const { type } = schema;
    if (typeof type !== 'string') return this.node(type, depth + 1);
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(schema, depth);
      case 'array':
        return { type, items: this.node(schema.items, depth + 1) };
      case 'map':
        return { type, values: this.node(schema.values, depth + 1) };
      case 'enum':
        return { type, ...naming(schema), symbols: list(schema.symbols, 'symbols').map(String) };
      case 'fixed':
        return {
          type,
          ...naming(schema),
          size: fixedSize(schema.size),
          ...semanticAttributes(schema),
        };
      default:
        return primitive(type, schema);
    }
  }

  #branch(schema: unknown, depth: number): Defined {
    const branch = this.node(schema, depth);
    if (Array.isArray(branch)) throw bad('a union holds a union');
    return branch;
  }

  #record(schema: Fields, depth: number): AvroSchema {
    const fields = list(schema.fields, 'fields').map((field) => {
      if (!isFields(field) || typeof field.name !== 'string') throw bad('a field has no name');
      // Assigned to a record, this name would replace the record's prototype instead.
      if (field.name === '__proto__') throw hostile('it has a field __proto__');
      return { name: field.name, type: this.node(field.type, depth + 1) };
    });
    return { type: 'record', ...naming(schema), fields, ...semanticAttributes(schema) };
  }
}

/** A primitive with or without meaning of its own, or a named type referred to by an object. */
function primitive(type: string, schema: Fields): AvroSchema {
  const attributes = semanticAttributes(schema);
  switch (type) {
    case 'int':
    case 'long':
    case 'bytes':
    case 'string':
      return attributes === undefined ? type : { type, ...attributes };
    default:
      return type;
  }
}

function naming(schema: Fields): { name: string; namespace?: string } {
  const { name, namespace } = schema;
  if (typeof name !== 'string') throw bad(`a ${schema.type} has no name`);
  return typeof namespace === 'string' ? { name, namespace } : { name };
}

function fixedSize(size: unknown): number {
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 0) throw bad(`size ${size}`);
  if (size > MAX_FIXED_BYTES) throw hostile(`it has a fixed of ${size} bytes`);
  return size;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw bad(`${what} is not a list`);
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(why: string): CodecError {
  return new CodecError(`The schema is not valid Avro: ${why}`, { code: 'BAD_SCHEMA' });
}

function hostile(why: string): CodecError {
  return new CodecError(`The schema is refused: ${why}`, { code: 'HOSTILE_SCHEMA' });
}
