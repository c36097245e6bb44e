import { JsonNumber, type JsonValue } from '../json/parse-json.ts';
import { exactNumber } from './numbers.ts';
import type { Shape } from './shape.ts';

const INTEGER_LIMIT = { 32: '2147483647', 64: '9223372036854775807' } as const;

/**
 * Whether a field of this shape can have the default, as Avro writes defaults (Avro 1.12, complex types): times and
 * dates as integers, bytes and decimals as text of one character for each byte, which is not how events have them.
 */
export function isAvroDefault(shape: Shape, value: JsonValue): boolean {
  switch (shape.kind) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return isInteger(value, shape.bits);
    case 'instant':
      return isInteger(value, 64);
    case 'date':
      return isInteger(value, 32);
    case 'float':
      return value instanceof JsonNumber;
    case 'decimal':
      return isByteText(value);
    case 'bytes':
      return isByteText(value) && (shape.size === undefined || value.length === shape.size);
    case 'enum':
      return typeof value === 'string' && shape.symbols.includes(value);
    case 'array':
      return Array.isArray(value) && value.every((item) => isAvroDefault(shape.items, item));
    case 'map':
      return (
        value instanceof Map &&
        [...value.values()].every((member) => isAvroDefault(shape.values, member))
      );
    case 'nullable':
      return value === null || isAvroDefault(shape.of, value);
    case 'record':
      return (
        value instanceof Map &&
        shape.fields.every(({ name, shape: of, optional }) => {
          const member = value.get(name);
          return member === undefined ? optional : isAvroDefault(of, member);
        })
      );
  }
}

function isInteger(value: JsonValue, bits: 32 | 64): boolean {
  const number = value instanceof JsonNumber ? exactNumber(value) : undefined;
  if (number === undefined || !number.isInteger()) return false;
  // The lowest is one further from zero than the highest.
  return (number.isNegative() ? number.negated().minus(1) : number).lte(INTEGER_LIMIT[bits]);
}

function isByteText(value: JsonValue): value is string {
  return typeof value === 'string' && /^[\0-\xff]*$/.test(value);
}
