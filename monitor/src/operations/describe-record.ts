import type { ParkedChange } from '@shelfcast/consumers/operations/parking';
import { type Row, UNCHANGED } from '@shelfcast/schemas/change';
import type { ParkedRecord } from '@shelfcast/schemas/monitor/operations';
import {
  changeFromRecord,
  isPoisonRecord,
  type RecordDecoding,
} from '@shelfcast/schemas/record-change';
import { masked } from '@shelfcast/service-kit/config/masked-fields';
import { messageOf } from '@shelfcast/service-kit/message-of';

/**
 * A parked record for people: what it says, or why that cannot be read.
 * @throws {CodecError} when the registry cannot be asked
 */
export async function describeRecord(
  decoding: RecordDecoding,
  { id, changeId, record, edit }: ParkedChange,
): Promise<ParkedRecord> {
  const place = {
    id: String(id),
    eventId: changeId,
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    timestampMs: record.timestampMs,
    headers: headerTexts(record.headers),
    edit,
  };
  try {
    const change = await changeFromRecord(decoding, record);
    return {
      ...place,
      op: change?.op ?? null,
      before: jsonRow(change?.before ?? null),
      after: jsonRow(change?.after ?? null),
      unreadable: null,
    };
  } catch (error) {
    if (!isPoisonRecord(error)) throw error;
    return { ...place, op: null, before: null, after: null, unreadable: messageOf(error) };
  }
}

/** What a parked record says, with the values of these columns left out. */
export function maskParked(record: ParkedRecord, fields: ReadonlySet<string>): ParkedRecord {
  const { before, after, edit } = record;
  return {
    ...record,
    before: masked(before, fields),
    after: masked(after, fields),
    edit: masked(edit, fields),
  };
}

/** Values as JSON holds them: 64-bit integers as text, bytes as base64; columns that were not sent are left out. */
function jsonRow(row: Row | null): Readonly<Record<string, unknown>> | null {
  if (row === null) return null;
  const text = JSON.stringify(row, (_, value: unknown) => {
    if (value === UNCHANGED) return undefined;
    if (typeof value === 'bigint') return value.toString();
    return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  });
  return JSON.parse(text);
}

function headerTexts(headers: Readonly<Record<string, readonly Buffer[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, values.map(String).join(', ')]),
  );
}
