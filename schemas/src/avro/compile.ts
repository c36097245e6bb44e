import avro, { type Resolver, type Type } from 'avsc';
import { CodecError } from '../errors.ts';
import { exactLong } from './exact-long.ts';
import { type AvroSchema, parseWriterSchema } from './parse-schema.ts';
import { compileScan, type Scan } from './scan.ts';
import { LOGICAL_TYPES } from './semantic-types.ts';

/** A schema records were written with, ready to read them. */
export interface Writer {
  readonly type: Type;
  /** Walks a record's bytes and throws before avsc could be harmed by them. */
  readonly scan: Scan;
}

/** A contract of ours, ready to check, write and read values. */
export interface Reader {
  readonly type: Type;
}

/**
 * Compiles the schema of a writer.
 * @throws {CodecError} BAD_SCHEMA, HOSTILE_SCHEMA
 */
export function compileWriter(schemaText: string): Writer {
  const type = compile(parseWriterSchema(schemaText));
  return { type, scan: compileScan(type) };
}

/** Compiles a contract, whose defaults count. */
export function compileReader(schemaText: string): Reader {
  return { type: compile(JSON.parse(schemaText)) };
}

/**
 * How to read what `writer` wrote as `reader` (Avro's schema resolution).
 * @throws {CodecError} INCOMPATIBLE_SCHEMA
 */
export function compileResolver(reader: Reader, writer: Writer): Resolver {
  try {
    return reader.type.createResolver(writer.type, { ignoreNamespaces: true });
  } catch (cause) {
    throw new CodecError(`What was written cannot be read: ${messageOf(cause)}`, {
      code: 'INCOMPATIBLE_SCHEMA',
      cause,
    });
  }
}

function compile(schema: AvroSchema): Type {
  try {
    return avro.Type.forSchema(schema, {
      // Connect writes longs with attributes as objects: a hook sees both forms, `registry: {long}` one.
      typeHook: (part) => (isPlainLong(part) ? exactLong : undefined),
      logicalTypes: LOGICAL_TYPES,
      assertLogicalTypes: true,
      omitRecordMethods: true,
    });
  } catch (cause) {
    if (cause instanceof CodecError) throw cause;
    throw new CodecError(`The schema is not valid Avro: ${messageOf(cause)}`, {
      code: 'BAD_SCHEMA',
      cause,
    });
  }
}

function isPlainLong(part: unknown): boolean {
  if (part === 'long') return true;
  if (typeof part !== 'object' || part === null || !('type' in part) || part.type !== 'long') {
    return false;
  }
  return !('logicalType' in part) || !Object.hasOwn(LOGICAL_TYPES, String(part.logicalType));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
