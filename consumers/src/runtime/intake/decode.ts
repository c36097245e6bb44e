import type { Codec } from '@shelfcast/schemas/codec';
import { changeFromRecord, isPoisonRecord, placeOfRecord } from '@shelfcast/schemas/record-change';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import type { DecodeCache, Decoded } from './decode-cache.ts';
import type { Delivery, Unreadable } from './delivery.ts';

export interface DecodeOptions {
  readonly codec: Codec;
  /** Part of every change's id. */
  readonly instance: string;
  readonly topicPrefix: string;
  /** Shared by the consumers of a process. */
  readonly cache?: DecodeCache | undefined;
}

/**
 * What the records hold, in order. Records without an effect (tombstones, heartbeats) give nothing.
 * @throws {CodecError} when the registry cannot be asked: trying again later may succeed
 */
export async function decodeRecords(
  options: DecodeOptions,
  records: readonly KafkaRecord[],
): Promise<(Delivery | Unreadable)[]> {
  const entries: (Delivery | Unreadable)[] = [];
  for (const record of records) {
    let decoded = options.cache?.get(record);
    if (decoded === undefined) {
      decoded = await decodeRecord(options, record);
      options.cache?.set(record, decoded);
    }
    if (decoded !== null) entries.push(decoded);
  }
  return entries;
}

async function decodeRecord(options: DecodeOptions, record: KafkaRecord): Promise<Decoded> {
  try {
    const change = await changeFromRecord(options, record);
    return change === null ? null : { record, change };
  } catch (error) {
    if (!isPoisonRecord(error)) throw error;
    return { record, error, ...(await placeOfRecord(options, record)) };
  }
}
