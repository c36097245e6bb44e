import type { Change } from './change.ts';
import type { Codec } from './codec.ts';
import type { Contract } from './contract.ts';
import { MANUAL_CONTRACTS } from './contracts.ts';
import { changeFromEnvelope } from './debezium.ts';
import { textOfKey } from './debezium-row.ts';
import { ChangeError, CodecError } from './errors.ts';
import { changeFromManualEvent, manualEntity, manualKeyColumn } from './manual.ts';
import { entityOfTable, isManualTopic, parseCdcTopic } from './topics.ts';

/** A Kafka record of a CDC or manual topic. */
export interface ChangeRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** The broker's clock, milliseconds since the Unix epoch. */
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, readonly Buffer[]>>;
}

export interface RecordDecoding {
  readonly codec: Codec;
  /** Part of every change's id. */
  readonly instance: string;
}

/**
 * The change in a record, or null when it has none.
 * @throws {CodecError} {ChangeError}
 */
export async function changeFromRecord(
  { codec, instance }: RecordDecoding,
  record: ChangeRecord,
): Promise<Change | null> {
  const { topic, partition, offset, timestampMs, headers } = record;
  const place = { instance, topic, partition, offset, timestampMs, headers };
  if (isManualTopic(topic)) {
    if (record.value === null) return null;
    const contract: Contract<unknown> = MANUAL_CONTRACTS[topic];
    const decoded =
      codec.decodeCached(record.value, contract) ?? (await codec.decode(record.value, contract));
    return changeFromManualEvent({ ...place, value: decoded.value });
  }
  const value = await decodePart(codec, record.value);
  const key = await decodePart(codec, record.key);
  return changeFromEnvelope({ ...place, key, value });
}

/** Whether the record is to blame: it will not become readable by waiting. */
export function isPoisonRecord(error: unknown): boolean {
  return error instanceof ChangeError || (error instanceof CodecError && !error.retriable);
}

/**
 * What an unreadable record is about, as far as that can be read; a name for the record alone in place of its key.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function placeOfRecord(
  { codec, topicPrefix }: { readonly codec: Codec; readonly topicPrefix: string },
  record: ChangeRecord,
): Promise<{ entity: string; key: string }> {
  const { topic, partition, offset } = record;
  const unknown = `${topic}/${partition}/${offset}`;
  if (isManualTopic(topic)) {
    return { entity: manualEntity(topic), key: record.key?.toString() ?? unknown };
  }
  const table = parseCdcTopic(topic, topicPrefix);
  const entity = table === undefined ? topic : entityOfTable(table);
  try {
    return { entity, key: textOfKey(await decodePart(codec, record.key)) ?? unknown };
  } catch (error) {
    if (!isPoisonRecord(error)) throw error;
    return { entity, key: unknown };
  }
}

/**
 * The columns of the row that make its key.
 * @throws {CodecError}
 */
export async function keyColumnsOf(codec: Codec, record: ChangeRecord): Promise<string[]> {
  if (isManualTopic(record.topic)) return [manualKeyColumn(record.topic)];
  const key = await decodePart(codec, record.key);
  return typeof key === 'object' && key !== null ? Object.keys(key) : [];
}

/** Awaits the registry only for a schema that was not met before. */
function decodePart(codec: Codec, bytes: Buffer | null): unknown {
  if (bytes === null) return null;
  return codec.decodeCached(bytes)?.value ?? codec.decode(bytes).then((decoded) => decoded.value);
}
