import avro, { type Type } from 'avsc';
import { CodecError } from '../errors.ts';

const {
  LogicalType,
  RecordType,
  ArrayType,
  MapType,
  FixedType,
  UnwrappedUnionType,
  WrappedUnionType,
} = avro.types;

/**
 * Refuses types whose values cost their writer nothing and their reader everything: arrays of items that
 * take no bytes (five bytes can announce 2^50 nulls), and records that hold themselves without end.
 * @throws {CodecError} HOSTILE_SCHEMA
 */
export function refuseEndless(root: Type): void {
  const minimum = minimumSizes(root);
  for (const [type, bytes] of minimum) {
    if (bytes === Number.POSITIVE_INFINITY) throw hostile(`${type.name} holds itself without end`);
    if (type instanceof ArrayType && minimum.get(type.itemsType) === 0) {
      throw hostile('it has an array whose items take no bytes');
    }
  }
}

/**
 * Fewest bytes a value of each type can take, by iteration to the least fixed point, since types may be
 * recursive; infinite where no value ends.
 */
function minimumSizes(root: Type): Map<Type, number> {
  const sizes = new Map([...reachable(root)].map((type) => [type, Number.POSITIVE_INFINITY]));
  const sizeOf = (type: Type) => sizes.get(type) ?? Number.POSITIVE_INFINITY;
  for (let changed = true; changed; ) {
    changed = false;
    for (const [type, before] of sizes) {
      const now = minimumSize(type, sizeOf);
      if (now < before) {
        sizes.set(type, now);
        changed = true;
      }
    }
  }
  return sizes;
}

/** Parts first, so that the iteration above mostly ends after its first round. */
function reachable(root: Type): Set<Type> {
  const seen = new Set<Type>();
  const ordered = new Set<Type>();
  const visit = (type: Type) => {
    if (seen.has(type)) return;
    seen.add(type);
    for (const part of partsOf(type)) visit(part);
    ordered.add(type);
  };
  visit(root);
  return ordered;
}

function partsOf(type: Type): readonly Type[] {
  if (type instanceof LogicalType) return [type.underlyingType];
  if (type instanceof RecordType) return type.fields.map((field) => field.type);
  if (type instanceof ArrayType) return [type.itemsType];
  if (type instanceof MapType) return [type.valuesType];
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) return type.types;
  return [];
}

function minimumSize(type: Type, sizeOf: (part: Type) => number): number {
  if (type instanceof LogicalType) return sizeOf(type.underlyingType);
  if (type instanceof RecordType) {
    return type.fields.reduce((bytes, field) => bytes + sizeOf(field.type), 0);
  }
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) {
    return 1 + Math.min(...type.types.map(sizeOf));
  }
  if (type instanceof FixedType) return type.size;
  switch (type.typeName) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    default:
      return 1;
  }
}

function hostile(why: string): CodecError {
  return new CodecError(`The schema is refused: ${why}`, { code: 'HOSTILE_SCHEMA' });
}
