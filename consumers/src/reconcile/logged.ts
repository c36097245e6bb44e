import { quotedName } from '@shelfcast/connect-config/key-check/key-columns';
import { inCanonicalSession } from '@shelfcast/connect-config/key-check/source-keys';
import { type Change, UNCHANGED } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { textOfKey } from '@shelfcast/schemas/debezium-row';
import { changeFromRecord, isPoisonRecord } from '@shelfcast/schemas/record-change';
import type { KafkaAdmin, KafkaRecord, LogReader } from '@shelfcast/service-kit/kafka/types';
import { isDataError } from '@shelfcast/service-kit/postgres/errors';
import type { Pool } from 'pg';
import type { ComparedTable } from './plan.ts';
import { rowDigestSql } from './source-rows.ts';

export interface ReadLogOptions {
  readonly reader: LogReader;
  readonly admin: Pick<KafkaAdmin, 'watermarks'>;
  readonly codec: Codec;
}

/** The newest change of each of these keys that the table's topic still holds, by key. */
export async function newestLogged(
  { reader, admin, codec }: ReadLogOptions,
  topic: string,
  keys: ReadonlySet<string>,
): Promise<Map<string, Change>> {
  const newest = new Map<string, Change>();
  if (keys.size === 0) return newest;
  const marks = await admin.watermarks(topic);
  const next = new Map([...marks].map(([partition, { low }]) => [partition, low]));
  for (;;) {
    const left = new Map(
      [...next].filter(([partition, at]) => at < (marks.get(partition)?.high ?? 0n)),
    );
    if (left.size === 0) return newest;
    for (const { partition, records, nextOffset } of await reader.read({ topic, from: left })) {
      next.set(partition, nextOffset);
      for (const record of records) {
        const change = await changeOf(codec, record, keys);
        if (change?.key == null) continue;
        const known = newest.get(change.key);
        if (known === undefined || known.position < change.position) newest.set(change.key, change);
      }
    }
  }
}

async function changeOf(
  codec: Codec,
  record: KafkaRecord,
  keys: ReadonlySet<string>,
): Promise<Change | null> {
  if (record.key === null) return null;
  try {
    const { value } = codec.decodeCached(record.key) ?? (await codec.decode(record.key));
    if (!keys.has(textOfKey(value) ?? '')) return null;
    return await changeFromRecord({ codec, instance: '' }, record);
  } catch (error) {
    if (isPoisonRecord(error)) return null;
    throw error;
  }
}

/** The digest that the source would have for the row in a change; undefined where the change does not tell all of it. */
export async function digestOfLogged(
  products: Pool,
  table: ComparedTable,
  { after }: Pick<Change, 'after'>,
): Promise<string | undefined> {
  if (after === null) return undefined;
  const fields: string[] = [];
  for (const { name, isJson } of table.columns) {
    const value = after[name];
    if (value === undefined || value === UNCHANGED) return undefined;
    const json = isJson && typeof value === 'string' ? value : JSON.stringify(value, asJson);
    fields.push(`${JSON.stringify(name)}:${json}`);
  }
  try {
    return await inCanonicalSession({ products, columns: table.keyColumns }, async (session) => {
      const { rows } = await session.query<{ digest: string }>(
        `select ${rowDigestSql(table)} as digest
         from jsonb_populate_record(null::${quotedName(table.source)}, $1::jsonb) as t`,
        [`{${fields.join(',')}}`],
      );
      return rows[0]?.digest;
    });
  } catch (error) {
    if (isDataError(error)) return undefined;
    throw error;
  }
}

function asJson(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : value;
}

/** The columns that differ between the digests of two rows. */
export function differingColumns(
  { columns }: Pick<ComparedTable, 'columns'>,
  source: readonly (string | null)[] | undefined,
  model: readonly (string | null)[] | undefined,
): string[] {
  if (source === undefined || model === undefined) return [];
  return columns.filter((_, at) => source[at] !== model[at]).map(({ name }) => name);
}
