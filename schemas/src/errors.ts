/** Why bytes could not become a value, or a value bytes. */
export type CodecErrorCode =
  /** No bytes at all; a tombstone is `null`, never an empty buffer. */
  | 'EMPTY'
  /** Fewer bytes than the five of the Confluent header. */
  | 'TOO_SHORT'
  /** The first byte is not 0: not the Confluent wire format. */
  | 'BAD_MAGIC'
  /** The registry answered that it has no schema of this id. */
  | 'UNKNOWN_SCHEMA_ID'
  /** The registry gave no usable answer: down, slow, overloaded, or refusing the credentials. */
  | 'REGISTRY_UNAVAILABLE'
  /** The registry refused a schema of ours (compatibility, invalid subject). */
  | 'REGISTRATION_REFUSED'
  /** The schema is not valid Avro, or not Avro. */
  | 'BAD_SCHEMA'
  /** The schema is valid, but made to exhaust memory, stack or the reader's object model. */
  | 'HOSTILE_SCHEMA'
  /** The bytes end early or do not fit the schema they name. */
  | 'MALFORMED'
  /** A whole value was read and bytes are left over. */
  | 'TRAILING_BYTES'
  /** NaN or an infinite numeric: it has no exact decimal form. */
  | 'NOT_A_NUMBER'
  /** What was written cannot be read with the reader's contract. */
  | 'INCOMPATIBLE_SCHEMA'
  /** A value to be encoded breaks its contract; the message and `path` say where. */
  | 'INVALID_VALUE'
  /** The codec was closed. */
  | 'CLOSED';

export interface CodecErrorOptions {
  readonly code: CodecErrorCode;
  /** Whether the same call may succeed later without anyone changing the record. */
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly schemaId?: number;
  /** Where in the value the fault lies, outermost field first. */
  readonly path?: readonly string[];
}

/** Every failure of the codec; nothing else leaves it. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: CodecErrorCode;
  readonly retriable: boolean;
  readonly schemaId: number | undefined;
  readonly path: readonly string[] | undefined;

  constructor(message: string, options: CodecErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retriable = options.retriable ?? false;
    this.schemaId = options.schemaId;
    this.path = options.path;
  }
}

/** Why a decoded record is not a change. */
export type ChangeErrorCode =
  /** The value has none of a Debezium envelope's fields. */
  | 'NOT_AN_ENVELOPE'
  /** `op` is none of c, u, d, r, t. */
  | 'UNKNOWN_OP'
  /** `source.sequence` is missing or not a pair of integers: the change has no place in the order. */
  | 'BAD_SEQUENCE'
  /** The `epoch` header is there but is not a whole number. */
  | 'BAD_EPOCH'
  /** A row change without a key: its table has no primary key, so it has no identity. */
  | 'MISSING_KEY'
  /** A manual event without a usable `ce_id`, or of a topic that carries none. */
  | 'NOT_A_MANUAL_EVENT'
  /** Not the text of a position, or parts that no position can hold. */
  | 'BAD_POSITION';

/** A decoded record that cannot be given a meaning. Never retriable: the record itself is at fault. */
export class ChangeError extends Error {
  override readonly name = 'ChangeError';
  readonly code: ChangeErrorCode;
  readonly retriable = false;

  constructor(code: ChangeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
