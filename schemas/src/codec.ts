import type { Resolver } from 'avsc';
import { compileReader, compileResolver, type Reader, type Writer } from './avro/compile.ts';
import type { Contract } from './contract.ts';
import { CodecError } from './errors.ts';
import { createRegistryClient, type RegistryClientOptions } from './registry/client.ts';
import { createSchemaCache } from './registry/schema-cache.ts';
import type { SchemaRegistryTransport } from './registry/transport.ts';
import { valueSubject } from './topics.ts';

/** A value and the id of the schema it was written with. */
export interface Decoded<T = unknown> {
  readonly schemaId: number;
  readonly value: T;
}

/**
 * Reads and writes the Confluent wire format (byte 0, schema id as four bytes big-endian, Avro binary).
 *
 * Values are exact: long → bigint, decimal → text with its scale, Connect's and Debezium's semantic types
 * (`connect.name`) → the texts that `ColumnValue` lists; a contract's timestamp-micros → bigint.
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
   * A function that checks and writes values of a contract. The schema is found, or else registered, once;
   * a failed attempt is made again by the next call.
   * @throws {CodecError} REGISTRY_UNAVAILABLE, REGISTRATION_REFUSED; the function itself INVALID_VALUE
   */
  encoder<T>(contract: Contract<T>): Promise<(value: T) => Buffer>;
  /** Forgets all schemas and closes idle connections; later calls throw CLOSED. */
  close(): void;
}

export type CodecOptions = (
  | RegistryClientOptions
  | { readonly registry: SchemaRegistryTransport }
) & {
  /** How long an id unknown to the registry is not asked for again. Default 5 s. */
  readonly missTtlMs?: number;
  readonly nowMs?: () => number;
};

const MAGIC_BYTE = 0;
const HEADER_BYTES = 5;
const DEFAULT_MISS_TTL_MS = 5_000;

export function createCodec(options: CodecOptions): Codec {
  const registry = 'registry' in options ? options.registry : createRegistryClient(options);
  const schemas = createSchemaCache({
    registry,
    missTtlMs: options.missTtlMs ?? DEFAULT_MISS_TTL_MS,
    nowMs: options.nowMs ?? Date.now,
  });
  const readers = new Map<string, Reader>();
  const resolvers = new WeakMap<Writer, Map<Reader, Resolver | CodecError>>();
  const encoders = new Map<string, Promise<(value: unknown) => Buffer>>();
  let closed = false;

  function readerOf(contract: Contract<unknown>): Reader {
    const known = readers.get(contract.schemaText);
    if (known !== undefined) return known;
    const reader = compileReader(contract.schemaText);
    readers.set(contract.schemaText, reader);
    return reader;
  }

  function resolverOf(writer: Writer, reader: Reader): Resolver {
    let ofWriter = resolvers.get(writer);
    if (ofWriter === undefined) {
      ofWriter = new Map();
      resolvers.set(writer, ofWriter);
    }
    let resolver = ofWriter.get(reader);
    if (resolver === undefined) {
      resolver = resolverOrError(reader, writer);
      ofWriter.set(reader, resolver);
    }
    if (resolver instanceof CodecError) throw resolver;
    return resolver;
  }

  /** The registry's types carry no `T`; that the contract's own reader made the value is what gives it one. */
  function read<T>(buffer: Buffer, writer: Writer, contract: Contract<T> | undefined): Decoded<T> {
    const schemaId = buffer.readUInt32BE(1);
    try {
      writer.scan(buffer, HEADER_BYTES);
      const payload = buffer.subarray(HEADER_BYTES);
      if (contract === undefined) return { schemaId, value: writer.type.fromBuffer(payload) };
      const reader = readerOf(contract);
      const value: T = reader.type.fromBuffer(payload, resolverOf(writer, reader));
      return { schemaId, value };
    } catch (error) {
      throw unreadable(error, schemaId);
    }
  }

  async function connectEncoder(contract: Contract<unknown>): Promise<(value: unknown) => Buffer> {
    const subject = valueSubject(contract.topic);
    const { type } = readerOf(contract);
    const schemaId =
      (await registry.idOf(subject, contract.schemaText)) ??
      (await registry.register(subject, contract.schemaText));
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32BE(schemaId, 1);
    return (value) => {
      const path: string[][] = [];
      const errorHook = (at: readonly string[]) => path.push([...at]);
      if (!type.isValid(value, { noUndeclaredFields: true, errorHook })) {
        throw invalid(contract.topic, path);
      }
      return Buffer.concat([header, type.toBuffer(value)]);
    };
  }

  function refuseWhenClosed(): void {
    if (closed) throw new CodecError('The codec is closed', { code: 'CLOSED' });
  }

  return {
    async decode<T>(bytes: Uint8Array, contract?: Contract<T>) {
      refuseWhenClosed();
      const buffer = asBuffer(bytes);
      const writer = await schemas.find(schemaIdOf(buffer));
      return read(buffer, writer, contract);
    },

    decodeCached<T>(bytes: Uint8Array, contract?: Contract<T>) {
      refuseWhenClosed();
      const buffer = asBuffer(bytes);
      const writer = schemas.cached(schemaIdOf(buffer));
      return writer === undefined ? undefined : read(buffer, writer, contract);
    },

    async encoder(contract) {
      refuseWhenClosed();
      const key = `${contract.topic}\n${contract.schemaText}`;
      const known = encoders.get(key);
      if (known !== undefined) return known;
      const connecting = connectEncoder(contract);
      encoders.set(key, connecting);
      connecting.catch(() => encoders.delete(key));
      return connecting;
    },

    close() {
      closed = true;
      schemas.clear();
      encoders.clear();
      registry.close();
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function schemaIdOf(buffer: Buffer): number {
  if (buffer.length === 0) throw new CodecError('There are no bytes', { code: 'EMPTY' });
  if (buffer.length < HEADER_BYTES) {
    throw new CodecError(`${buffer.length} bytes are less than the ${HEADER_BYTES} of the header`, {
      code: 'TOO_SHORT',
    });
  }
  const magic = buffer.readUInt8(0);
  if (magic !== MAGIC_BYTE) {
    throw new CodecError(`The first byte is ${magic}: not the Confluent wire format`, {
      code: 'BAD_MAGIC',
    });
  }
  return buffer.readUInt32BE(1);
}

function resolverOrError(reader: Reader, writer: Writer): Resolver | CodecError {
  try {
    return compileResolver(reader, writer);
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}

function unreadable(error: unknown, schemaId: number): CodecError {
  const message = error instanceof Error ? error.message : String(error);
  return new CodecError(`A record of schema ${schemaId}: ${message}`, {
    code: error instanceof CodecError ? error.code : 'MALFORMED',
    schemaId,
    cause: error,
  });
}

function invalid(topic: string, paths: readonly (readonly string[])[]): CodecError {
  const where = paths.map((path) => path.join('.') || 'the value itself').join(', ');
  return new CodecError(`A value for ${topic} breaks its contract at: ${where}`, {
    code: 'INVALID_VALUE',
    ...(paths[0] === undefined ? {} : { path: paths[0] }),
  });
}
