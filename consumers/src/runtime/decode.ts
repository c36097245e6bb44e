import type { Change } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { changeFromEnvelope } from '@shelfcast/schemas/debezium';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/**
 * The changes in a batch of CDC records, in order. Records without an effect (tombstones,
 * heartbeats) give none.
 * @throws UndecodableRecord for the first record that is not a change, with those before it
 */
export async function decodeChanges(
  codec: Codec,
  instance: string,
  records: readonly KafkaRecord[],
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const record of records) {
    try {
      const change = await decodeChange(codec, instance, record);
      if (change !== null) changes.push(change);
    } catch (error) {
      throw new UndecodableRecord(record, changes, error);
    }
  }
  return changes;
}

async function decodeChange(
  codec: Codec,
  instance: string,
  record: KafkaRecord,
): Promise<Change | null> {
  const { topic, partition, offset, timestampMs, headers } = record;
  const value = await decodePart(codec, record.value);
  const key = await decodePart(codec, record.key);
  return changeFromEnvelope({
    instance,
    topic,
    partition,
    offset,
    timestampMs,
    headers,
    key,
    value,
  });
}

/** Awaits the registry only for a schema that was not met before. */
function decodePart(codec: Codec, bytes: Buffer | null): unknown {
  if (bytes === null) return null;
  return codec.decodeCached(bytes)?.value ?? codec.decode(bytes).then((decoded) => decoded.value);
}

/** A record that cannot be read, and the changes of its batch that come before it. */
export class UndecodableRecord extends Error {
  override readonly name = 'UndecodableRecord';
  readonly record: KafkaRecord;
  readonly before: readonly Change[];

  constructor(record: KafkaRecord, before: readonly Change[], cause: unknown) {
    const { topic, partition, offset } = record;
    super(`record ${topic}[${partition}]@${offset} cannot be read: ${messageOf(cause)}`, { cause });
    this.record = record;
    this.before = before;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
