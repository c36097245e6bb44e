import avro, { type Schema, type Type } from 'avsc';
import { CodecError } from '../errors.ts';
import { decimalBytes, decimalText, MAX_DECIMAL_BYTES, MAX_DECIMAL_SCALE } from './decimal.ts';

/**
 * Bytes or fixed with `logicalType: decimal`, as decimal text whose scale is kept. A negative scale, which
 * Postgres allows (`numeric(5,-2)`) and Avro does not, is read all the same.
 */
export class DecimalType extends avro.types.LogicalType {
  readonly scale: number;
  readonly #precision: number;

  constructor(schema: Schema, options?: unknown) {
    super(withoutLogicalType(schema), options);
    this.scale = checkedScale(attribute(schema, 'scale'));
    const precision = attribute(schema, 'precision');
    this.#precision = typeof precision === 'number' ? precision : MAX_DECIMAL_SCALE;
  }

  protected override _fromValue(bytes: Buffer): string {
    return exactDecimal(bytes, this.scale);
  }

  protected override _toValue(text: unknown): Buffer | undefined {
    if (typeof text !== 'string') return undefined;
    return decimalBytes(text, { precision: this.#precision, scale: this.scale });
  }

  /** A writer's scale may differ: its text says the same number, with its own digits. */
  protected override _resolve(writer: Type): unknown {
    return writer instanceof DecimalType ? (text: unknown) => text : undefined;
  }
}

/** `io.debezium.data.VariableScaleDecimal`: a record of scale and unscaled bytes, as decimal text. */
export class VariableScaleDecimalType extends avro.types.LogicalType {
  constructor(schema: Schema, options?: unknown) {
    super(withoutLogicalType(schema), options);
  }

  protected override _fromValue({ scale, value }: { scale: unknown; value: unknown }): string {
    if (!Buffer.isBuffer(value)) throw malformed('a variable-scale decimal has no bytes');
    return exactDecimal(value, checkedScale(scale));
  }
}

function exactDecimal(bytes: Buffer, scale: number): string {
  if (bytes.length === 0) {
    throw new CodecError('A decimal has no digits: NaN has no exact form', {
      code: 'NOT_A_NUMBER',
    });
  }
  if (bytes.length > MAX_DECIMAL_BYTES) throw malformed(`a decimal of ${bytes.length} bytes`);
  return decimalText(bytes, scale);
}

function checkedScale(scale: unknown): number {
  const value = scale ?? 0;
  if (
    typeof value === 'number' &&
    Number.isInteger(value) &&
    Math.abs(value) <= MAX_DECIMAL_SCALE
  ) {
    return value;
  }
  throw malformed(`a decimal of scale ${scale}`);
}

function malformed(what: string): CodecError {
  return new CodecError(`No column can hold ${what}`, { code: 'MALFORMED' });
}

/** avsc builds the underlying type from the same schema; left in, the logical type would wrap itself. */
export function withoutLogicalType(schema: Schema): Schema {
  if (typeof schema !== 'object' || Array.isArray(schema) || !('logicalType' in schema)) {
    return schema;
  }
  const { logicalType: _, ...underlying } = schema;
  return underlying;
}

/** An attribute of a schema that avsc's types do not name. */
export function attribute(schema: Schema, name: string): unknown {
  return typeof schema === 'object' ? Reflect.get(schema, name) : undefined;
}
