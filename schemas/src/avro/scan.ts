import avro, { type Type } from 'avsc';
import { CodecError } from '../errors.ts';
import { refuseEndless } from './minimum-size.ts';

/**
 * Walks one Avro value in `bytes` from `start` to the very end and builds nothing.
 *
 * avsc trusts what it reads: it loops over an array's count of 2^50 whether or not there are bytes, and
 * builds 20 million items from the five bytes of an `array<null>`. So bytes are walked first. After this
 * every length lies within the buffer, every index names a branch or symbol, and the number of values is
 * bounded by the number of bytes.
 * @throws {CodecError} MALFORMED, TRAILING_BYTES, HOSTILE_SCHEMA
 */
export type Scan = (bytes: Uint8Array, start: number) => void;

type Step = (cursor: Cursor) => void;

/** Nesting of one value, which only a recursive type can make deep. */
const MAX_DEPTH = 64;
/** Values a record may have without a byte of their own (nulls, empty records), beyond four per byte. */
const FREE_VALUES = 1024;
const VALUES_PER_BYTE = 4;

/**
 * Compiles the walk for a type.
 * @throws {CodecError} HOSTILE_SCHEMA for arrays whose items may take no bytes, and for types that hold
 * themselves without end
 */
export function compileScan(type: Type): Scan {
  refuseEndless(type);
  const step = compileStep(type, new Map());
  return (bytes, start) => {
    const cursor = new Cursor(bytes, start);
    step(cursor);
    if (cursor.position < bytes.length) {
      const left = bytes.length - cursor.position;
      throw new CodecError(`${left} bytes are left over`, { code: 'TRAILING_BYTES' });
    }
  };
}

class Cursor {
  position: number;
  readonly #bytes: Uint8Array;
  #valuesLeft: number;
  #depth = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.position = start;
    this.#valuesLeft = FREE_VALUES + VALUES_PER_BYTE * (bytes.length - start);
  }

  get remaining(): number {
    return this.#bytes.length - this.position;
  }

  countValue(): void {
    this.#valuesLeft -= 1;
    if (this.#valuesLeft < 0) {
      throw new CodecError('A few bytes would grow into too many values', {
        code: 'HOSTILE_SCHEMA',
      });
    }
  }

  enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH} levels`);
  }

  leave(): void {
    this.#depth -= 1;
  }

  skip(length: number): void {
    if (length < 0 || length > this.remaining) {
      throw malformed(`${length} bytes are announced and ${this.remaining} are there`);
    }
    this.position += length;
  }

  /** An int or a long; exact up to 2^53, which is all that lengths need. */
  readLong(): number {
    const first = this.#bytes[this.position];
    if (first !== undefined && first < 0x80) {
      this.position += 1;
      return (first >> 1) ^ -(first & 1);
    }
    return this.#readLongerLong();
  }

  #readLongerLong(): number {
    let magnitude = 0;
    let weight = 1;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.#bytes[this.position];
      if (byte === undefined) throw malformed('it ends inside a number');
      this.position += 1;
      if (index === 9 && byte > 1) break;
      magnitude += (byte & 0x7f) * weight;
      if (byte < 0x80) return magnitude % 2 === 0 ? magnitude / 2 : -(magnitude + 1) / 2;
      weight *= 128;
    }
    throw malformed('a number is longer than 64 bits');
  }

  readIndex(count: number, what: string): number {
    const index = this.readLong();
    if (index < 0 || index >= count) throw malformed(`${what} ${index} of ${count}`);
    return index;
  }
}

function compileStep(type: Type, known: Map<Type, Step>): Step {
  const found = known.get(type);
  if (found !== undefined) return found;
  // Entered before the parts are compiled: a recursive type meets itself here.
  let compiled: Step | undefined;
  known.set(type, (cursor) => compiled?.(cursor));
  compiled = stepFor(type, (part) => compileStep(part, known));
  known.set(type, compiled);
  return compiled;
}

function stepFor(type: Type, compilePart: (part: Type) => Step): Step {
  const {
    LogicalType,
    RecordType,
    ArrayType,
    MapType,
    EnumType,
    FixedType,
    UnwrappedUnionType,
    WrappedUnionType,
  } = avro.types;
  if (type instanceof LogicalType) return compilePart(type.underlyingType);
  if (type instanceof RecordType)
    return scanRecord(type.fields.map(({ type: part }) => compilePart(part)));
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) {
    return scanUnion(type.types.map(compilePart));
  }
  if (type instanceof ArrayType) return scanArray(compilePart(type.itemsType));
  if (type instanceof MapType) return scanMap(compilePart(type.valuesType));
  if (type instanceof EnumType) {
    const { length } = type.symbols;
    return counted((cursor) => void cursor.readIndex(length, 'symbol'));
  }
  if (type instanceof FixedType) {
    const { size } = type;
    return counted((cursor) => cursor.skip(size));
  }
  return counted(primitiveStep(type.typeName));
}

function counted(step: Step): Step {
  return (cursor) => {
    cursor.countValue();
    step(cursor);
  };
}

function primitiveStep(typeName: string): Step {
  switch (typeName) {
    case 'null':
      return () => {};
    case 'boolean':
      return (cursor) => cursor.skip(1);
    case 'int':
      return (cursor) => {
        const value = cursor.readLong();
        if (value !== (value | 0)) throw malformed(`int ${value} is wider than 32 bits`);
      };
    case 'long':
    case 'abstract:long':
      return (cursor) => void cursor.readLong();
    case 'float':
      return (cursor) => cursor.skip(4);
    case 'double':
      return (cursor) => cursor.skip(8);
    case 'bytes':
    case 'string':
      return (cursor) => cursor.skip(cursor.readLong());
    default:
      throw new CodecError(`Unknown Avro type ${typeName}`, { code: 'BAD_SCHEMA' });
  }
}

function scanRecord(steps: readonly Step[]): Step {
  return (cursor) => {
    cursor.countValue();
    cursor.enter();
    for (const step of steps) step(cursor);
    cursor.leave();
  };
}

function scanUnion(branches: readonly Step[]): Step {
  return (cursor) => branches[cursor.readIndex(branches.length, 'union branch')]?.(cursor);
}

function scanArray(item: Step): Step {
  return (cursor) => {
    cursor.countValue();
    cursor.enter();
    forEachInBlocks(cursor, () => item(cursor));
    cursor.leave();
  };
}

function scanMap(value: Step): Step {
  return (cursor) => {
    cursor.countValue();
    cursor.enter();
    forEachInBlocks(cursor, () => {
      cursor.skip(cursor.readLong());
      value(cursor);
    });
    cursor.leave();
  };
}

/** Arrays and maps come in blocks; a negative count is followed by the size of the block in bytes. */
function forEachInBlocks(cursor: Cursor, each: () => void): void {
  for (let count = cursor.readLong(); count !== 0; count = cursor.readLong()) {
    const items = Math.abs(count);
    if (count < 0) cursor.readLong();
    if (items > cursor.remaining) {
      throw malformed(`${items} items are announced and ${cursor.remaining} bytes are there`);
    }
    for (let item = 0; item < items; item += 1) each();
  }
}

function malformed(why: string): CodecError {
  return new CodecError(`The bytes do not fit their schema: ${why}`, { code: 'MALFORMED' });
}
