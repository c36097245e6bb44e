/**
 * A topic whose values we define ourselves: its Avro schema, and the TypeScript type that schema means.
 * All of them are in contracts.ts.
 */
export interface Contract<T> {
  readonly topic: string;
  /** Avro schema as JSON text; what is registered under `<topic>-value`. */
  readonly schemaText: string;
  /** Carries the type only; never set. */
  readonly valueType?: T;
}
