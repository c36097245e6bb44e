import type { Bounds } from './bounds.ts';

/**
 * What a topic's Avro schema says about its events, in the terms that all its uses share: the check of each
 * request, the JSON Schema of the documentation, the example. Parsed once per schema by `parseShape`.
 */
export type Shape =
  | { readonly kind: 'boolean' }
  | StringShape
  | IntegerShape
  | FloatShape
  | DecimalShape
  | { readonly kind: 'instant'; readonly unit: 'ms' | 'us' }
  | { readonly kind: 'date' }
  /** Base64 text in JSON; `size` in bytes for an Avro fixed. */
  | { readonly kind: 'bytes'; readonly size?: number }
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: Shape }
  | { readonly kind: 'map'; readonly values: Shape }
  | { readonly kind: 'nullable'; readonly of: Shape }
  | RecordShape;

export interface StringShape {
  readonly kind: 'string';
  readonly uuid: boolean;
  /** In characters (code points). */
  readonly minLength: number;
  readonly maxLength: number | undefined;
}

export interface IntegerShape {
  readonly kind: 'integer';
  readonly bits: 32 | 64;
  readonly bounds: Bounds;
}

export interface FloatShape {
  readonly kind: 'float';
  readonly bounds: Bounds;
}

export interface DecimalShape {
  readonly kind: 'decimal';
  /** Digits in all, and of them after the point. */
  readonly precision: number;
  readonly scale: number;
  readonly bounds: Bounds;
}

export interface RecordShape {
  readonly kind: 'record';
  readonly name: string;
  readonly doc: string | undefined;
  readonly fields: readonly FieldShape[];
  /** Pairs of fields of which the first must be less than the second when both are there. */
  readonly ordered: readonly (readonly [string, string])[];
  /** Field whose text is the Kafka key; undefined: events have the key their sender gives them, or none. */
  readonly key: string | undefined;
}

export interface FieldShape {
  readonly name: string;
  readonly doc: string | undefined;
  readonly shape: Shape;
  /** Whether an event may leave the field out. */
  readonly optional: boolean;
  /** Avro's default as JSON text; undefined: none. */
  readonly defaultText: string | undefined;
  /** As JSON text; undefined: none was declared. */
  readonly exampleText: string | undefined;
}
