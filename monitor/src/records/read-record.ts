import type { Codec, Decoded } from '@shelfcast/schemas/codec';
import type { DecodedRecord } from '@shelfcast/schemas/monitor/timeline';
import { isPoisonRecord } from '@shelfcast/schemas/record-change';
import { masked } from '@shelfcast/service-kit/config/masked-fields';
import { within } from '@shelfcast/service-kit/deadline';
import { Problem } from '@shelfcast/service-kit/http/problem';
import { KafkaError } from '@shelfcast/service-kit/kafka/errors';
import type { KafkaRecord, LogReader } from '@shelfcast/service-kit/kafka/types';
import { messageOf } from '@shelfcast/service-kit/message-of';
import { toJson } from './to-json.ts';

/** Where a record is. */
export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

const READ_TIMEOUT_MS = 5_000;
const MAX_WAIT_MS = 200;
/** One record is wanted, and a broker returns the first one even if it is larger. */
const MAX_BYTES = 1024;

/**
 * Reads one record from Kafka.
 * @throws {Problem} 404 when it is gone, by retention or with its topic; 503 when the brokers do not answer
 */
export async function fetchRecord(reader: LogReader, place: RecordPlace): Promise<KafkaRecord> {
  const { topic, partition, offset } = place;
  const reading = reader.read({
    topic,
    from: new Map([[partition, offset]]),
    maxWaitMs: MAX_WAIT_MS,
    maxPartitionBytes: MAX_BYTES,
    maxBytes: MAX_BYTES,
  });
  try {
    const fetched = await within(reading, READ_TIMEOUT_MS, noAnswer);
    const record = fetched.flatMap(({ records }) => records).find((one) => one.offset === offset);
    if (record !== undefined) return record;
  } catch (error) {
    const isGone =
      error instanceof KafkaError &&
      (error.code === 'OFFSET_OUT_OF_RANGE' || error.code === 'UNKNOWN_TOPIC');
    if (!isGone) throw error;
  }
  throw new Problem(
    'not-found',
    `Kafka has no record ${offset} of ${topic}[${partition}] any more`,
  );
}

function noAnswer(): Problem {
  return new Problem('unavailable', 'The brokers do not answer', { retryAfterSeconds: 2 });
}

/** What a record says, with the values of these columns left out. */
export function maskRecord(record: DecodedRecord, fields: ReadonlySet<string>): DecodedRecord {
  const { key, before, after } = record;
  return {
    ...record,
    key: masked(key, fields),
    before: masked(before, fields),
    after: masked(after, fields),
  };
}

/**
 * A record in values that JSON has. One that cannot be read says why, beside what is known of it.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function decodeRecord(codec: Codec, record: KafkaRecord): Promise<DecodedRecord> {
  const { topic, partition, offset, timestampMs, key, value } = record;
  const decodedKey = await decode(codec, key);
  const decodedValue = await decode(codec, value);
  const { op, before, after, source } = envelopeOf(decodedValue.value);
  return {
    topic,
    partition,
    offset: String(offset),
    timestampMs,
    // Manual events have plain text for a key.
    key: decodedKey.unreadable === null ? toJson(decodedKey.value) : (key?.toString() ?? null),
    keySchemaId: decodedKey.schemaId,
    valueSchemaId: decodedValue.schemaId,
    op,
    before: toJson(before),
    after: toJson(after),
    source: toJson(source),
    headers: Object.fromEntries(
      Object.entries(record.headers).map(([name, values]) => [name, values.map(String)]),
    ),
    sizeBytes: (key?.length ?? 0) + (value?.length ?? 0),
    unreadable: decodedValue.unreadable,
  };
}

async function decode(
  codec: Codec,
  bytes: Buffer | null,
): Promise<{ value: unknown; schemaId: number | null; unreadable: string | null }> {
  if (bytes === null) return { value: null, schemaId: null, unreadable: null };
  try {
    const { schemaId, value }: Decoded = codec.decodeCached(bytes) ?? (await codec.decode(bytes));
    return { schemaId, value, unreadable: null };
  } catch (error) {
    if (!isPoisonRecord(error)) throw error;
    const unreadable = messageOf(error);
    return { value: null, schemaId: null, unreadable };
  }
}

interface Envelope {
  readonly op: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly source: unknown;
}

/** Debezium's envelope taken apart; any other value is what was `after` the event. */
function envelopeOf(value: unknown): Envelope {
  const other = { op: null, before: null, after: value, source: null };
  if (typeof value !== 'object' || value === null || !('op' in value && 'source' in value)) {
    return other;
  }
  const { op, source } = value;
  if (typeof op !== 'string') return other;
  return {
    op,
    source,
    before: 'before' in value ? value.before : null,
    after: 'after' in value ? value.after : null,
  };
}
