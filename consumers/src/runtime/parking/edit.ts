import type { Change, ColumnValue } from '@shelfcast/schemas/change';
import {
  changeFromRecord,
  isPoisonRecord,
  keyColumnsOf,
  type RecordDecoding,
} from '@shelfcast/schemas/record-change';
import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';

/** Columns that replace those of a parked change's row, as JSON values. */
export type Edit = Readonly<Record<string, unknown>>;

/** The change with the edit's columns in place of its own. */
export function edited(change: Change, edit: Edit | null): Change {
  if (edit === null || change.after === null) return change;
  const columns: Record<string, ColumnValue> = {};
  for (const [name, value] of Object.entries(edit)) columns[name] = asColumnValue(value);
  return { ...change, after: { ...change.after, ...columns } };
}

/**
 * Refuses what cannot be an edit of this record: of what has no row, of columns the row has not, and of its key, which
 * would make a row that the source never had and nothing would ever remove.
 * @throws Error in words; CodecError when the registry cannot be asked
 */
export async function assertEditable(
  decoding: RecordDecoding,
  record: KafkaRecord,
  edit: Edit,
): Promise<void> {
  const { after } = await readable(decoding, record);
  if (after === null) throw new Error('there is no row in this change that could be edited');
  const unknown = Object.keys(edit).filter((name) => !(name in after));
  if (unknown.length > 0) {
    throw new Error(
      `the row has no column ${unknown.join(', ')}; it has ${Object.keys(after).join(', ')}`,
    );
  }
  const key = (await keyColumnsOf(decoding.codec, record)).filter((name) => name in edit);
  if (key.length > 0) throw new Error(`${key.join(', ')} is the row's key and cannot be edited`);
}

async function readable(decoding: RecordDecoding, record: KafkaRecord): Promise<Change> {
  try {
    const change = await changeFromRecord(decoding, record);
    if (change !== null) return change;
  } catch (error) {
    if (!isPoisonRecord(error)) throw error;
  }
  throw new Error('what cannot be read cannot be edited; it can be discarded');
}

/** JSON has no column values but these; a structure is the text of a json column. */
function asColumnValue(value: unknown): ColumnValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return value === null || value === undefined ? null : JSON.stringify(value);
}
