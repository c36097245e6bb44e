import type { Contract } from './contract.ts';

/** A value and the id of the schema it was written with. */
export interface Decoded<T = unknown> {
  readonly schemaId: number;
  readonly value: T;
}

/**
 * Reads and writes the Confluent wire format (byte 0, schema id as four bytes big-endian, Avro binary).
 *
 * Values are exact: long → bigint, decimal → text with its scale, Connect's and Debezium's semantic types
 * (`connect.name`) → the texts `ColumnValue` lists; contracts' timestamp-micros → bigint.
 */
export interface Codec {
  /**
   * Reads a value, asking the registry for a schema not met before.
   * @throws {CodecError} every code but INVALID_VALUE and REGISTRATION_REFUSED; look at `retriable`
   */
  decode(buffer: Uint8Array): Promise<Decoded>;
  /** Reads a value as the contract's type, filling in defaults for fields its writer did not know. */
  decode<T>(buffer: Uint8Array, contract: Contract<T>): Promise<Decoded<T>>;
  /**
   * The same without waiting: undefined when the registry has to be asked first.
   * @throws {CodecError} like `decode`
   */
  decodeCached(buffer: Uint8Array): Decoded | undefined;
  decodeCached<T>(buffer: Uint8Array, contract: Contract<T>): Decoded<T> | undefined;
  /**
   * A function that checks and writes values of a contract. The schema is registered (or found) once; a
   * failed attempt is made again by the next call.
   * @throws {CodecError} REGISTRY_UNAVAILABLE, REGISTRATION_REFUSED; the function itself INVALID_VALUE
   */
  encoder<T>(contract: Contract<T>): Promise<(value: T) => Buffer>;
  /** Forgets all schemas and closes connections; later calls throw CLOSED. */
  close(): void;
}
