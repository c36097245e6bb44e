const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/**
 * Kafka's murmur2 (org.apache.kafka.common.utils.Utils#murmur2), in 32-bit arithmetic; kafkajs' own
 * does the same in BigInt, at a hundred times the cost.
 */
export function murmur2(data: Uint8Array): number {
  const { length } = data;
  let hash = SEED ^ length;
  const words = length >>> 2;
  for (let word = 0; word < words; word += 1) {
    const at = word << 2;
    let k = byte(data, at) | (byte(data, at + 1) << 8) | (byte(data, at + 2) << 16);
    k = Math.imul(k | (byte(data, at + 3) << 24), M);
    k = Math.imul(k ^ (k >>> R), M);
    hash = Math.imul(hash, M) ^ k;
  }
  const tail = words << 2;
  const left = length - tail;
  if (left === 3) hash ^= byte(data, tail + 2) << 16;
  if (left >= 2) hash ^= byte(data, tail + 1) << 8;
  if (left >= 1) hash = Math.imul(hash ^ byte(data, tail), M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

/** Partition of a key, as the Java client's default partitioner chooses it. */
export function partitionForKey(key: Buffer | string, partitions: number): number {
  return (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;
}

function byte(data: Uint8Array, at: number): number {
  return data[at] ?? 0;
}
