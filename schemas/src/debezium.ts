import type { Change, ChangeSource, Op, Row } from './change.ts';
import { deriveId } from './change-id.ts';
import { rowFromStruct, textOfKey } from './debezium-row.ts';
import { ChangeError } from './errors.ts';
import { headerText, type RecordHeaders } from './headers.ts';
import { encodePosition } from './position.ts';
import { BOOKKEEPING_SCHEMA, entityOfTable } from './topics.ts';

/** A Kafka record of a CDC topic whose key and value were decoded. */
export interface EnvelopeRecord {
  /** Instance the change was made at; part of the change's id. */
  readonly instance: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Broker append time (LogAppendTime), Unix milliseconds. */
  readonly timestampMs: number;
  /** Decoded key: a struct of the primary key's columns, or null. */
  readonly key: unknown;
  /** Decoded value: a Debezium envelope, or null for a tombstone. */
  readonly value: unknown;
  readonly headers: RecordHeaders;
}

/** Header that carries the generation of the capture, as a whole number. */
export const EPOCH_HEADER = 'epoch';

const OPS: Readonly<Record<string, Op>> = {
  c: 'create',
  u: 'update',
  d: 'delete',
  r: 'read',
  t: 'truncate',
};
/** pg_logical_emit_message: carries a message instead of a row. */
const OP_MESSAGE = 'm';
const HEARTBEAT_TOPIC_PREFIX = '__debezium-heartbeat.';

/**
 * The change behind a CDC record, or null when the record has no effect on any row: a tombstone, a
 * heartbeat, transaction metadata, a logical message, or a row of our own bookkeeping tables.
 *
 * A primary-key change arrives as two records, a delete of the old key and a create of the new one, and
 * stays two changes. Commit time is `source.ts_us`, or `source.ts_ms` where that is missing.
 *
 * Facts about the envelope: Debezium 3.7.0.Final, `io.debezium.data.Envelope` and
 * `io.debezium.connector.postgresql.SourceInfo` (`sequence` is a JSON array of two nullable strings: the
 * LSN of the last commit before this change, the LSN of the change).
 * @throws {ChangeError} NOT_AN_ENVELOPE, UNKNOWN_OP, BAD_SEQUENCE, BAD_EPOCH, MISSING_KEY
 */
export function changeFromEnvelope(record: EnvelopeRecord): Change | null {
  const { instance, topic, value } = record;
  if (value === null || value === undefined) return null;
  if (topic.startsWith(HEARTBEAT_TOPIC_PREFIX)) return null;
  const envelope = asStruct(value);
  if (envelope === undefined) throw notAnEnvelope(record);
  if (isHeartbeat(envelope) || isTransactionMetadata(envelope)) return null;
  const { op: code, source: rawSource } = envelope;
  const sourceStruct = asStruct(rawSource);
  if (typeof code !== 'string' || sourceStruct === undefined) throw notAnEnvelope(record);
  if (code === OP_MESSAGE) return null;
  const op = Object.hasOwn(OPS, code) ? OPS[code] : undefined;
  if (op === undefined) {
    throw new ChangeError('UNKNOWN_OP', `${place(record)} has op ${JSON.stringify(code)}`);
  }
  const source = sourceFrom(sourceStruct, op, record);
  if (source.schema === BOOKKEEPING_SCHEMA) return null;

  const epoch = epochFrom(record);
  const snapshot = op === 'read';
  const sequence = sequenceFrom(sourceStruct, record);
  const position = encodePosition({ epoch, sequence, snapshot });
  const key = op === 'truncate' ? null : keyFrom(record);
  return {
    id: deriveId([instance, topic, key, op, position]),
    origin: 'cdc',
    instance,
    entity: entityOfTable(source),
    key,
    op,
    before: rowFrom(envelope, 'before', record),
    after: rowFrom(envelope, 'after', record),
    occurredAtUs: timeUs(sourceStruct) ?? BigInt(record.timestampMs) * 1000n,
    position,
    epoch,
    source,
    debeziumAtUs: timeUs(envelope) ?? null,
    brokerAtMs: record.timestampMs,
    record: { topic, partition: record.partition, offset: record.offset },
  };
}

type Struct = Readonly<Record<string, unknown>>;

function asStruct(value: unknown): Struct | undefined {
  return isStruct(value) ? value : undefined;
}

function isStruct(value: unknown): value is Struct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function place({ topic, partition, offset }: EnvelopeRecord): string {
  return `record ${topic}[${partition}]@${offset}`;
}

function notAnEnvelope(record: EnvelopeRecord): ChangeError {
  return new ChangeError('NOT_AN_ENVELOPE', `${place(record)} is not a Debezium envelope`);
}

function isHeartbeat(value: Struct): boolean {
  const fields = Object.keys(value);
  return fields.length > 0 && fields.every((field) => /^ts_(ms|us|ns)$/.test(field));
}

function isTransactionMetadata(value: Struct): boolean {
  return 'status' in value && 'event_count' in value && !('op' in value);
}

function sourceFrom(source: Struct, op: Op, record: EnvelopeRecord): ChangeSource {
  const { schema, table } = source;
  if (typeof schema !== 'string' || typeof table !== 'string') throw notAnEnvelope(record);
  return {
    schema,
    table,
    lsn: integer(source.lsn),
    txId: integer(source.txId),
    snapshot: op === 'read',
  };
}

function integer(value: unknown): bigint | null {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : null;
}

function timeUs(struct: Struct): bigint | undefined {
  const exact = integer(struct.ts_us);
  if (exact !== null) return exact;
  const milliseconds = integer(struct.ts_ms);
  return milliseconds === null ? undefined : milliseconds * 1000n;
}

function sequenceFrom(source: Struct, record: EnvelopeRecord): [bigint | null, bigint | null] {
  const text = source.sequence;
  const parts = typeof text === 'string' ? parseSequence(text) : undefined;
  if (parts === undefined) {
    throw new ChangeError('BAD_SEQUENCE', `${place(record)} has source.sequence ${String(text)}`);
  }
  return parts;
}

const SEQUENCE = /^\s*\[\s*(?:null|"(\d{1,20})")\s*,\s*(?:null|"(\d{1,20})")\s*\]\s*$/;

function parseSequence(text: string): [bigint | null, bigint | null] | undefined {
  const match = SEQUENCE.exec(text);
  if (match === null) return undefined;
  const [, lastCommitLsn, lsn] = match;
  return [
    lastCommitLsn === undefined ? null : BigInt(lastCommitLsn),
    lsn === undefined ? null : BigInt(lsn),
  ];
}

function epochFrom(record: EnvelopeRecord): bigint {
  const text = headerText(record.headers, EPOCH_HEADER);
  if (text === undefined) return 0n;
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new ChangeError('BAD_EPOCH', `${place(record)} has epoch ${JSON.stringify(text)}`);
}

function keyFrom(record: EnvelopeRecord): string {
  const text = textOfKey(record.key);
  if (text !== undefined) return text;
  throw new ChangeError(
    'MISSING_KEY',
    `${place(record)} has no key: its table needs a primary key to be captured`,
  );
}

function rowFrom(envelope: Struct, side: 'before' | 'after', record: EnvelopeRecord): Row | null {
  const struct = envelope[side];
  if (struct === null || struct === undefined) return null;
  const row = rowFromStruct(struct);
  if (row === undefined) throw notAnEnvelope(record);
  return row;
}
