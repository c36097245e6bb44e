import { isObject } from '../api/problem.ts';

export type FieldKind =
  | 'text'
  | 'integer'
  | 'long'
  | 'decimal'
  | 'number'
  | 'boolean'
  | 'enum'
  | 'instant'
  | 'date'
  | 'json'
  /** Anything else: what is written is taken as it is. */
  | 'other';

/** A field of an Avro record, as a form needs it. Bounds and lengths are what our contracts declare beside the type. */
export interface ContractField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly isNullable: boolean;
  /** An event may leave it out. */
  readonly isOptional: boolean;
  readonly doc: string;
  /** As text; empty: none was declared. */
  readonly example: string;
  readonly minLength: number;
  readonly maxLength: number | undefined;
  /** Exact decimals as text. */
  readonly minimum: string | undefined;
  readonly exclusiveMinimum: string | undefined;
  readonly maximum: string | undefined;
  readonly exclusiveMaximum: string | undefined;
  /** Of a decimal: digits in all, and after the point. */
  readonly precision: number;
  readonly scale: number;
  readonly symbols: readonly string[];
}

/** Fields of an Avro record schema; none where it is no record. */
export function fieldsOf(schema: unknown): ContractField[] {
  return recordFields(schema).map((field) => fieldOf(field));
}

/** Columns of the row that a topic's values hold: those of Debezium's `after`, or the fields of the event itself. */
export function rowFieldsOf(schema: unknown): ContractField[] {
  const fields = recordFields(schema);
  const before = fields.find(({ name }) => name === 'before');
  const after = fields.find(({ name }) => name === 'after');
  if (before === undefined || after === undefined) return fields.map((field) => fieldOf(field));
  // The first of the two declares the row, the other names it.
  const declared = [before, after].map(({ type }) => unwrap(type).type).find(isObject);
  return fieldsOf(declared);
}

type AvroField = Record<string, unknown> & { readonly name: string };

function recordFields(schema: unknown): AvroField[] {
  if (!isObject(schema) || !Array.isArray(schema.fields)) return [];
  return schema.fields.filter(
    (field): field is AvroField => isObject(field) && typeof field.name === 'string',
  );
}

function fieldOf(field: AvroField): ContractField {
  const { type, isNullable } = unwrap(field.type);
  const full = isObject(type) ? type : { type };
  const number = (name: string): number | undefined => {
    const value = field[name] ?? full[name];
    return typeof value === 'number' ? value : undefined;
  };
  const bound = (name: string): string | undefined => {
    const value = field[name] ?? full[name];
    return typeof value === 'number' || typeof value === 'string' ? `${value}` : undefined;
  };
  return {
    name: field.name,
    kind: kindOf(full),
    isNullable,
    isOptional: 'default' in field,
    doc: typeof field.doc === 'string' ? field.doc : '',
    example: exampleText(field.example),
    minLength: number('minLength') ?? 0,
    maxLength: number('maxLength'),
    minimum: bound('minimum'),
    exclusiveMinimum: bound('exclusiveMinimum'),
    maximum: bound('maximum'),
    exclusiveMaximum: bound('exclusiveMaximum'),
    precision: number('precision') ?? 0,
    scale: number('scale') ?? 0,
    symbols: Array.isArray(full.symbols) ? full.symbols.map(String) : [],
  };
}

/** The type beside `null` of a union of two. */
function unwrap(type: unknown): { readonly type: unknown; readonly isNullable: boolean } {
  if (!Array.isArray(type)) return { type, isNullable: false };
  const others = type.filter((one) => one !== 'null');
  return { type: others.length === 1 ? others[0] : type, isNullable: others.length < type.length };
}

function kindOf(full: Record<string, unknown>): FieldKind {
  const { type, logicalType, 'connect.name': connect } = full;
  if (logicalType === 'decimal') return 'decimal';
  if (typeof logicalType === 'string' && logicalType.startsWith('timestamp-')) return 'instant';
  if (logicalType === 'date' || connect === 'io.debezium.time.Date') return 'date';
  if (connect === 'io.debezium.time.ZonedTimestamp') return 'instant';
  if (connect === 'io.debezium.data.Json') return 'json';
  if (typeof connect === 'string' && connect !== '') return 'other';
  switch (type) {
    case 'string':
      return 'text';
    case 'int':
      return 'integer';
    case 'long':
      return 'long';
    case 'float':
    case 'double':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'enum':
      return 'enum';
    default:
      return 'other';
  }
}

function exampleText(example: unknown): string {
  if (example === undefined || example === null) return '';
  return typeof example === 'string' ? example : JSON.stringify(example);
}
