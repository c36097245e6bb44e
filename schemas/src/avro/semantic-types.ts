import avro, { type Schema, type Type } from 'avsc';
import {
  dateText,
  durationText,
  timestampText,
  timeText,
  zonedTimestampText,
} from '../temporal.ts';
import {
  attribute,
  DecimalType,
  VariableScaleDecimalType,
  withoutLogicalType,
} from './decimal-types.ts';

type Fields = Readonly<Record<string, unknown>>;
type LogicalTypeClass = new (schema: Schema, options?: unknown) => avro.types.LogicalType;

/**
 * Meanings that Connect and Debezium give to integers, bytes and text through `connect.name`, by that name.
 * The others (ZonedTime, Interval, Json, Uuid, Xml, Enum, EnumSet, Ltree: text; Year:
 * number; geometry: a record) mean what their Avro type says and need nothing.
 */
const SEMANTIC_TYPES: Readonly<Record<string, LogicalTypeClass>> = {
  'io.debezium.time.Date': integerAs((value) => dateText(Number(value))),
  'io.debezium.time.Timestamp': integerAs((value) => timestampText(value, 'ms')),
  'io.debezium.time.MicroTimestamp': integerAs((value) => timestampText(value, 'us')),
  'io.debezium.time.NanoTimestamp': integerAs((value) => timestampText(value, 'ns')),
  'io.debezium.time.Time': integerAs((value) => timeText(value, 'ms')),
  'io.debezium.time.MicroTime': integerAs((value) => timeText(value, 'us')),
  'io.debezium.time.NanoTime': integerAs((value) => timeText(value, 'ns')),
  'io.debezium.time.MicroDuration': integerAs(durationText),
  'io.debezium.time.ZonedTimestamp': zonedTimestampType(),
  'org.apache.kafka.connect.data.Date': integerAs((value) => dateText(Number(value))),
  'org.apache.kafka.connect.data.Timestamp': integerAs((value) => timestampText(value, 'ms')),
  'org.apache.kafka.connect.data.Time': integerAs((value) => timeText(value, 'ms')),
  'io.debezium.data.VariableScaleDecimal': VariableScaleDecimalType,
  'io.debezium.data.Bits': bitsType(),
};

const BITS = 'io.debezium.data.Bits';
const CONNECT_DECIMAL = 'org.apache.kafka.connect.data.Decimal';
const DECIMAL = 'decimal';

/** Logical types for avsc's option of that name. */
export const LOGICAL_TYPES: Readonly<Record<string, LogicalTypeClass>> = {
  ...SEMANTIC_TYPES,
  [DECIMAL]: DecimalType,
};

export interface SemanticAttributes {
  logicalType: string;
  scale?: number;
  precision?: number;
  length?: number;
}

/** The logical type a schema object stands for, with its parameters, or undefined when it has none. */
export function semanticAttributes(schema: Fields): SemanticAttributes | undefined {
  const name = schema['connect.name'];
  const parameters = isFields(schema['connect.parameters']) ? schema['connect.parameters'] : {};
  if (schema.logicalType === DECIMAL || name === CONNECT_DECIMAL) {
    return {
      logicalType: DECIMAL,
      scale: wholeNumber(schema.scale ?? parameters.scale) ?? 0,
      ...optional('precision', schema.precision ?? parameters['connect.decimal.precision']),
    };
  }
  if (typeof name !== 'string' || !Object.hasOwn(SEMANTIC_TYPES, name)) return undefined;
  if (name === BITS) return { logicalType: name, ...optional('length', parameters.length) };
  return { logicalType: name };
}

function optional(name: 'precision' | 'length', value: unknown): { [key in typeof name]?: number } {
  const number = wholeNumber(value);
  return number === undefined ? {} : { [name]: number };
}

/** Connect's parameters are text. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An int (number) or long (bigint) that is read as text. These are only read, never written. */
function integerAs(text: (value: bigint) => string): LogicalTypeClass {
  return class extends avro.types.LogicalType {
    constructor(schema: Schema, options?: unknown) {
      super(withoutLogicalType(schema), options);
    }

    protected override _fromValue(value: number | bigint): string {
      return text(BigInt(value));
    }

    protected override _resolve(_writer: Type): undefined {
      return undefined;
    }
  };
}

function zonedTimestampType(): LogicalTypeClass {
  return class extends avro.types.LogicalType {
    constructor(schema: Schema, options?: unknown) {
      super(withoutLogicalType(schema), options);
    }

    protected override _fromValue(value: string): string {
      return zonedTimestampText(value);
    }

    protected override _resolve(_writer: Type): undefined {
      return undefined;
    }
  };
}

/**
 * `io.debezium.data.Bits`: little-endian bytes → the bits as Postgres writes them, `0101`. Exact for bit(n), the
 * only type that comes like this.
 */
function bitsType(): LogicalTypeClass {
  const maxPaddedLength = 65_536;
  return class extends avro.types.LogicalType {
    readonly #length: number;

    constructor(schema: Schema, options?: unknown) {
      super(withoutLogicalType(schema), options);
      const length = attribute(schema, 'length');
      this.#length = typeof length === 'number' ? Math.min(length, maxPaddedLength) : 0;
    }

    protected override _fromValue(bytes: Buffer): string {
      const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0'))
        .reverse()
        .join('');
      return bits.replace(/^0+(?=.)/, '').padStart(this.#length, '0');
    }
  };
}
