import { BUCKET_COUNT, HASH_BYTES, type HashBuckets } from './hash-buckets.ts';

/** A key's hash, two parts of a sequence, and what happened. */
export const EVENT_BYTES = HASH_BYTES + 17;

/** In the order of what counts when the sequence is the same. */
export const EVENT_KIND = { read: 0, present: 1, gone: 2 } as const;
export type EventKind = keyof typeof EVENT_KIND;

/** Writes an event, for a bucket. */
export function encodeEvent(
  hash: Uint8Array,
  [first, second]: readonly [bigint, bigint],
  kind: EventKind,
): Buffer {
  const entry = Buffer.alloc(EVENT_BYTES);
  entry.set(hash);
  entry.writeBigUInt64BE(first, HASH_BYTES);
  entry.writeBigUInt64BE(second, HASH_BYTES + 8);
  entry.writeUInt8(EVENT_KIND[kind], HASH_BYTES + 16);
  return entry;
}

/** What source and topic do not agree on. */
export type Suspicion =
  /** The source has the key, and the topic does not show it, or shows it as deleted. */
  | 'missing'
  /** The topic shows the key as present, and the source does not have it. */
  | 'extra';

/**
 * Compares the keys of the source with what the topic shows of them.
 *
 * @param floor order of the newest truncate: what came before it is gone
 * @returns suspicion by hash, as many as `limit` and one more at most
 */
export function compareKeys({
  source,
  events,
  floor,
  limit,
}: {
  readonly source: HashBuckets;
  readonly events: HashBuckets;
  readonly floor: Buffer | undefined;
  readonly limit: number;
}): Map<string, Suspicion> {
  const suspects = new Map<string, Suspicion>();
  for (let index = 0; index < BUCKET_COUNT && suspects.size <= limit; index += 1) {
    const present = presentIn(events.bucket(index), floor);
    const keys = hashesIn(source.bucket(index));
    for (const hash of keys) if (!present.has(hash)) suspects.set(hash, 'missing');
    for (const hash of present) if (!keys.has(hash)) suspects.set(hash, 'extra');
  }
  return suspects;
}

/** A hash as a key of a map. */
export function hashName(hash: Buffer): string {
  return hash.toString('latin1', 0, HASH_BYTES);
}

function hashesIn(entries: Buffer): Set<string> {
  const hashes = new Set<string>();
  for (let at = 0; at < entries.length; at += HASH_BYTES) {
    hashes.add(entries.toString('latin1', at, at + HASH_BYTES));
  }
  return hashes;
}

/** The keys whose newest event shows them as present. */
function presentIn(entries: Buffer, floor: Buffer | undefined): Set<string> {
  const newest = new Map<string, number>();
  for (let at = 0; at < entries.length; at += EVENT_BYTES) {
    const hash = entries.toString('latin1', at, at + HASH_BYTES);
    const known = newest.get(hash);
    if (known === undefined || orderAt(entries, known).compare(orderAt(entries, at)) <= 0) {
      newest.set(hash, at);
    }
  }
  const present = new Set<string>();
  for (const [hash, at] of newest) {
    const order = orderAt(entries, at);
    const isGone = order[16] === EVENT_KIND.gone;
    const isTruncated = floor !== undefined && order.compare(floor) < 0;
    if (!isGone && !isTruncated) present.add(hash);
  }
  return present;
}

function orderAt(entries: Buffer, at: number): Buffer {
  return entries.subarray(at + HASH_BYTES, at + EVENT_BYTES);
}

/** The part of an event that orders it. */
export function orderOf(event: Buffer): Buffer {
  return event.subarray(HASH_BYTES);
}
