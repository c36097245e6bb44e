import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import type { Delivery, Unreadable } from './delivery.ts';

/** What a record holds; null where that is nothing. */
export type Decoded = Delivery | Unreadable | null;

/** What the consumers of one process read at about the same time, so that each record is decoded once for all of them. */
export interface DecodeCache {
  /** Undefined when this very record was not decoded lately. */
  get(record: KafkaRecord): Decoded | undefined;
  set(record: KafkaRecord, decoded: Decoded): void;
}

const MAX_BYTES = 8 * 1024 * 1024;
/** The others read a record at about the same time; what is kept longer only costs the garbage collector. */
const MAX_AGE_MS = 2_000;

/** Holds the last records, up to twice as many as each limit allows. */
export function createDecodeCache(
  maxRecords = 5_000,
  maxBytes = MAX_BYTES,
  nowMs: () => number = () => performance.now(),
): DecodeCache {
  let recent = new Map<string, { readonly record: KafkaRecord; readonly decoded: Decoded }>();
  let older = recent;
  let bytes = 0;
  let sinceMs = nowMs();
  return {
    get(record) {
      const name = nameOf(record);
      const known = recent.get(name) ?? older.get(name);
      if (known === undefined || !sameContent(known.record, record)) return undefined;
      return known.decoded;
    },
    set(record, decoded) {
      const isOld = nowMs() - sinceMs >= MAX_AGE_MS;
      if (recent.size >= maxRecords || bytes >= maxBytes || isOld) {
        older = recent;
        recent = new Map();
        bytes = 0;
        sinceMs = nowMs();
      }
      bytes += record.value?.length ?? 0;
      recent.set(nameOf(record), { record, decoded });
    },
  };
}

function nameOf({ topic, partition, offset }: KafkaRecord): string {
  return `${topic}/${partition}/${offset}`;
}

/** A topic that was deleted and made again has other records at the same offsets. */
function sameContent(a: KafkaRecord, b: KafkaRecord): boolean {
  if (a.timestampMs !== b.timestampMs) return false;
  return a.value === null || b.value === null ? a.value === b.value : a.value.equals(b.value);
}
