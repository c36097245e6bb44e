import type { Op } from '@shelfcast/schemas/change';
import type { Codec } from '@shelfcast/schemas/codec';
import { changeFromEnvelope } from '@shelfcast/schemas/debezium';
import { decodePosition } from '@shelfcast/schemas/position';
import type { KafkaRecord, LogReader } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import {
  canonicalSql,
  canonicalWithoutPostgres,
  forPostgres,
  joinKey,
  textOfKeyPart,
} from './canonical-key.ts';
import type { KeyColumn } from './key-columns.ts';
import { inCanonicalSession } from './source-keys.ts';

/** What a record of a table's topic says of a key. */
export interface KeyEvent {
  /** Canonical form; null for a truncate. */
  readonly key: string | null;
  readonly text: string;
  readonly op: Op;
  readonly sequence: readonly [bigint, bigint];
}

export interface ReadTopicKeysOptions {
  readonly reader: LogReader;
  readonly codec: Codec;
  /** Canonical forms that need Postgres are asked of it. */
  readonly products: pg.Pool;
  readonly columns: readonly KeyColumn[];
  readonly topic: string;
  /** Records of an earlier epoch are left out. */
  readonly epoch: bigint;
  readonly from: ReadonlyMap<number, bigint>;
  /** Ends, as they were noted. */
  readonly to: ReadonlyMap<number, bigint>;
}

/** The events in a range of a table's topic, in the order of each partition. */
export async function* readTopicKeys(options: ReadTopicKeysOptions): AsyncGenerator<KeyEvent[]> {
  const { reader, topic, to } = options;
  const next = new Map(options.from);
  for (;;) {
    const left = new Map([...next].filter(([partition, at]) => at < (to.get(partition) ?? 0n)));
    if (left.size === 0) return;
    const fetched = await reader.read({ topic, from: left });
    for (const { partition, records, nextOffset } of fetched) {
      next.set(partition, nextOffset);
      const end = to.get(partition) ?? 0n;
      const events = await eventsOf(
        options,
        records.filter(({ offset }) => offset < end),
      );
      if (events.length > 0) yield events;
    }
  }
}

interface Decoded {
  readonly parts: readonly string[] | null;
  readonly op: Op;
  readonly sequence: readonly [bigint, bigint];
}

async function eventsOf(
  options: ReadTopicKeysOptions,
  records: readonly KafkaRecord[],
): Promise<KeyEvent[]> {
  const decoded: Decoded[] = [];
  for (const record of records) {
    const event = await decode(options, record);
    if (event !== undefined) decoded.push(event);
  }
  const keyed = decoded.flatMap(({ parts }) => (parts === null ? [] : [parts]));
  const canonical = (await canonicalKeys(options, keyed)).values();
  return decoded.map(({ parts, op, sequence }) => ({
    key: parts === null ? null : (canonical.next().value ?? null),
    text: parts?.join(', ') ?? '',
    op,
    sequence,
  }));
}

async function decode(
  { codec, epoch }: ReadTopicKeysOptions,
  record: KafkaRecord,
): Promise<Decoded | undefined> {
  const decoded = async (bytes: Buffer | null) =>
    bytes === null ? null : (codec.decodeCached(bytes) ?? (await codec.decode(bytes))).value;
  const key = await decoded(record.key);
  const change = changeFromEnvelope({
    ...record,
    instance: '',
    key,
    value: await decoded(record.value),
  });
  if (change === null || change.epoch < epoch) return undefined;
  return {
    parts: change.op === 'truncate' ? null : partsOf(key),
    op: change.op,
    sequence: decodePosition(change.position).sequence,
  };
}

function partsOf(key: unknown): string[] {
  return typeof key === 'object' && key !== null ? Object.values(key).map(textOfKeyPart) : [];
}

/** The canonical form of each key; one question to Postgres for all of them, if any. */
async function canonicalKeys(
  options: Pick<ReadTopicKeysOptions, 'products' | 'columns'>,
  keys: readonly (readonly string[])[],
): Promise<string[]> {
  const { columns } = options;
  const ways = columns.map(canonicalWithoutPostgres);
  const asked = columns.flatMap((column, index) =>
    ways[index] === undefined ? [{ column, index }] : [],
  );
  const answers =
    asked.length === 0 || keys.length === 0 ? [] : await askPostgres(options, asked, keys);
  return keys.map((parts, row) =>
    joinKey(
      parts.map((text, index) => {
        const at = asked.findIndex((column) => column.index === index);
        return at < 0 ? (ways[index]?.(text) ?? text) : (answers[row]?.[at] ?? text);
      }),
    ),
  );
}

async function askPostgres(
  options: Pick<ReadTopicKeysOptions, 'products' | 'columns'>,
  asked: readonly { readonly column: KeyColumn; readonly index: number }[],
  keys: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const names = asked.map((_, nr) => `v${nr}`);
  const forms = asked.map(({ column }, nr) =>
    canonicalSql(column, `(${names[nr]}::${column.type})`),
  );
  const lists = asked.map((_, nr) => `$${nr + 1}::text[]`);
  return await inCanonicalSession(options, async (session) => {
    const { rows } = await session.query<{ forms: string[] }>(
      `select array[${forms.join(', ')}] as forms
       from unnest(${lists.join(', ')}) with ordinality as key(${[...names, 'nr'].join(', ')}) order by nr`,
      asked.map(({ column, index }) => {
        const text = forPostgres(column);
        return keys.map((parts) => text(parts[index] ?? ''));
      }),
    );
    return rows.map((row) => row.forms);
  });
}
