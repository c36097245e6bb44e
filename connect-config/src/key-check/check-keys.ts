import type { Codec } from '@shelfcast/schemas/codec';
import type { KafkaAdmin, LogReader } from '@shelfcast/service-kit/kafka/types';
import type pg from 'pg';
import type { TableName } from '../table-name.ts';
import {
  compareKeys,
  EVENT_BYTES,
  encodeEvent,
  hashName,
  orderOf,
  type Suspicion,
} from './compare-keys.ts';
import { createHashBuckets, HASH_BYTES, type HashBuckets, hashOfKey } from './hash-buckets.ts';
import type { KeyColumn } from './key-columns.ts';
import { readSourceKeys } from './source-keys.ts';
import { type KeyEvent, readTopicKeys } from './topic-keys.ts';

export interface CheckKeysOptions {
  readonly products: pg.Pool;
  readonly reader: LogReader;
  readonly admin: Pick<KafkaAdmin, 'highWatermarks'>;
  readonly codec: Codec;
  readonly table: TableName;
  /** The primary key's columns, from `readKeyColumns`. */
  readonly columns: readonly KeyColumn[];
  readonly topic: string;
  /** Offsets to begin at, per partition: the topic's ends before the table was read. */
  readonly from: ReadonlyMap<number, bigint>;
  /** Records of an earlier epoch do not count. */
  readonly epoch: bigint;
  /** Resolves when all that was committed before the call is in the topic. */
  readonly fence: () => Promise<void>;
  /** Memory for the keys of the source, and as much for the events of the topic (default 64 MiB); beyond it files are used. */
  readonly memoryBytes?: number;
}

export interface KeyCheck {
  /** Keys of the source. */
  readonly keys: number;
  /** Records that a snapshot made of rows, in the range looked at. */
  readonly reads: number;
  /** Keys that were looked at again after a fence. */
  readonly suspects: number;
  /** Keys of the source that the topic does not show, or shows as deleted. */
  readonly missing: Difference;
  /** Keys that the topic shows and the source does not have. */
  readonly extra: Difference;
}

export interface Difference {
  readonly count: number;
  /** The first of them, as psql shows them. */
  readonly keys: readonly string[];
}

const MEMORY_BYTES = 64 * 1024 * 1024;
/** More are not looked at one by one. */
const MAX_SUSPECTS = 200_000;
const SHOWN = 10;

/**
 * Compares the keys of a table with those that its topic shows, from an offset on: those of a snapshot's reads and of the
 * changes since. Counts would prove nothing while rows change.
 *
 * The topic is read up to its ends, then the source, so what they do not agree on is either missing or on its way. A fence
 * tells them apart: once the topic holds all that was committed before the source was read, a key that was in the source
 * has to be in the topic, and one that was not has to be deleted there.
 */
export async function checkKeys(options: CheckKeysOptions): Promise<KeyCheck> {
  const memoryBytes = options.memoryBytes ?? MEMORY_BYTES;
  const source = createHashBuckets({ entryBytes: HASH_BYTES, memoryBytes });
  const events = createHashBuckets({ entryBytes: EVENT_BYTES, memoryBytes });
  try {
    const ends = await options.admin.highWatermarks(options.topic);
    const { reads, floor } = await collectEvents(options, { events, from: options.from, to: ends });
    for await (const batch of readSourceKeys(options)) {
      for (const { key } of batch) source.add(hashOfKey(key));
    }
    const suspects = compareKeys({ source, events, floor, limit: MAX_SUSPECTS });
    const count = suspects.size;
    if (count > 0) await clearSuspects(options, suspects, ends);
    return { keys: source.count, reads, suspects: count, ...(await describe(options, suspects)) };
  } finally {
    source.close();
    events.close();
  }
}

interface Range {
  readonly from: ReadonlyMap<number, bigint>;
  readonly to: ReadonlyMap<number, bigint>;
}

async function collectEvents(
  options: CheckKeysOptions,
  { events, from, to }: Range & { readonly events: HashBuckets },
): Promise<{ reads: number; floor: Buffer | undefined }> {
  let reads = 0;
  let floor: Buffer | undefined;
  for await (const batch of readTopicKeys({ ...options, from, to })) {
    for (const event of batch) {
      if (event.op === 'read') reads += 1;
      const entry = encodeEvent(hashOfKey(event.key ?? ''), event.sequence, kindOf(event));
      if (event.key !== null) events.add(entry);
      else if (floor === undefined || orderOf(entry).compare(floor) > 0) floor = orderOf(entry);
    }
  }
  return { reads, floor };
}

function kindOf({ op }: KeyEvent): 'read' | 'present' | 'gone' {
  if (op === 'read') return 'read';
  return op === 'delete' || op === 'truncate' ? 'gone' : 'present';
}

/** Takes out what the topic shows once it holds all that was committed before. */
async function clearSuspects(
  options: CheckKeysOptions,
  suspects: Map<string, Suspicion>,
  from: ReadonlyMap<number, bigint>,
): Promise<void> {
  await options.fence();
  const to = await options.admin.highWatermarks(options.topic);
  for await (const batch of readTopicKeys({ ...options, from, to })) {
    for (const event of batch) {
      if (event.key === null) {
        suspects.clear();
        continue;
      }
      const name = hashName(hashOfKey(event.key));
      const suspicion = suspects.get(name);
      if (suspicion === 'missing' || (suspicion === 'extra' && event.op === 'delete')) {
        suspects.delete(name);
      }
    }
  }
}

async function describe(
  options: CheckKeysOptions,
  suspects: ReadonlyMap<string, Suspicion>,
): Promise<Pick<KeyCheck, 'missing' | 'extra'>> {
  const of = (suspicion: Suspicion) =>
    new Set([...suspects].flatMap(([hash, found]) => (found === suspicion ? [hash] : [])));
  const missing = of('missing');
  const extra = of('extra');
  const to = await options.admin.highWatermarks(options.topic);
  return {
    missing: { count: missing.size, keys: await textsOf(missing, readSourceKeys(options)) },
    extra: { count: extra.size, keys: await textsOf(extra, readTopicKeys({ ...options, to })) },
  };
}

/** The keys behind the first few hashes. */
async function textsOf(
  hashes: ReadonlySet<string>,
  batches: AsyncIterable<readonly { readonly key: string | null; readonly text: string }[]>,
): Promise<string[]> {
  const texts = new Set<string>();
  if (hashes.size === 0) return [];
  for await (const batch of batches) {
    for (const { key, text } of batch) {
      if (key !== null && hashes.has(hashName(hashOfKey(key)))) texts.add(text);
      if (texts.size >= Math.min(SHOWN, hashes.size)) return [...texts];
    }
  }
  return [...texts];
}
