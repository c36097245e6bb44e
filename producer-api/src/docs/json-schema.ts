import type { Bounds } from '../contract/bounds.ts';
import { exampleText } from '../contract/example.ts';
import type { FieldShape, RecordShape, Shape } from '../contract/shape.ts';

/** A JSON Schema (2020-12), as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

const INT_RANGE = { minimum: -2_147_483_648, maximum: 2_147_483_647 };
/** Whole numbers of 64 bits; in text for senders whose own numbers end at 2^53. */
const LONG_TEXT = '^-?\\d{1,19}$';

/** JSON Schema of a topic's events: what `compileCheck` takes, as far as JSON Schema can say it. */
export function eventSchema(shape: RecordShape): JsonSchema {
  return { ...recordSchema(shape), examples: [JSON.parse(exampleText(shape))] };
}

function recordSchema({ doc, fields, ordered }: RecordShape): JsonSchema {
  const rules = ordered.map(([first, second]) => `${second} must be after ${first}.`);
  return {
    type: 'object',
    ...described([doc, ...rules].filter(Boolean).join(' ')),
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    required: fields.filter(({ optional }) => !optional).map(({ name }) => name),
    additionalProperties: false,
  };
}

function fieldSchema({ shape, doc, exampleText: example }: FieldShape): JsonSchema {
  return {
    ...valueSchema(shape),
    ...described(doc ?? ''),
    ...(example === undefined ? {} : { examples: [JSON.parse(example)] }),
  };
}

function valueSchema(shape: Shape): JsonSchema {
  switch (shape.kind) {
    case 'boolean':
      return { type: 'boolean' };
    case 'string':
      return {
        type: 'string',
        ...(shape.uuid ? { format: 'uuid' } : {}),
        ...(shape.minLength > 0 ? { minLength: shape.minLength } : {}),
        ...(shape.maxLength === undefined ? {} : { maxLength: shape.maxLength }),
        // Neither Postgres' text nor most other stores can hold U+0000.
        pattern: '^[^\\u0000]*$',
      };
    case 'integer': {
      const bounds = numeric(shape.bounds);
      if (shape.bits === 32) return { type: 'integer', ...INT_RANGE, ...bounds };
      return {
        anyOf: [
          { type: 'integer', ...bounds },
          { type: 'string', pattern: LONG_TEXT },
        ],
      };
    }
    case 'float':
      return { type: 'number', ...numeric(shape.bounds) };
    case 'decimal': {
      const { precision, scale } = shape;
      const fraction = scale === 0 ? '' : `(\\.\\d{1,${scale}})?`;
      const whole = precision > scale ? `\\d{1,${precision - scale}}` : '0';
      const sign =
        shape.bounds.minimum === undefined && shape.bounds.exclusiveMinimum === undefined
          ? '-?'
          : '';
      return {
        anyOf: [
          { type: 'number', ...numeric(shape.bounds) },
          { type: 'string', pattern: `^${sign}${whole}${fraction}$` },
        ],
      };
    }
    case 'instant':
      return { type: 'string', format: 'date-time' };
    case 'date':
      return { type: 'string', format: 'date' };
    case 'bytes':
      return { type: 'string', contentEncoding: 'base64' };
    case 'enum':
      return { type: 'string', enum: shape.symbols };
    case 'array':
      return { type: 'array', items: valueSchema(shape.items) };
    case 'map':
      return { type: 'object', additionalProperties: valueSchema(shape.values) };
    case 'nullable':
      return { anyOf: [valueSchema(shape.of), { type: 'null' }] };
    case 'record':
      return recordSchema(shape);
  }
}

function numeric(bounds: Bounds): JsonSchema {
  return Object.fromEntries(Object.entries(bounds).map(([name, text]) => [name, Number(text)]));
}

function described(description: string): JsonSchema {
  return description === '' ? {} : { description };
}
