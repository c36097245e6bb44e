import { hash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Bytes of a key's hash: two of 100 million keys share one with a probability of 1 in 200 million. */
export const HASH_BYTES = 10;

const BUCKETS = 256;
const FIRST_BUFFER_BYTES = 4_096;

/** The hash that stands for a key in canonical form. */
export function hashOfKey(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, HASH_BYTES);
}

/**
 * Entries of one size that begin with a key's hash, in buckets by that hash: in memory, and from a limit on in files. So
 * any number of keys can be compared bucket by bucket in the memory of a 256th part.
 */
export interface HashBuckets {
  readonly count: number;
  add(entry: Uint8Array): void;
  /** All entries of a bucket, one after another, in the order they were added. */
  bucket(index: number): Buffer;
  /** Removes the files. */
  close(): void;
}

export const BUCKET_COUNT = BUCKETS;

export function createHashBuckets({
  entryBytes,
  memoryBytes,
  directory = tmpdir(),
}: {
  readonly entryBytes: number;
  /** Beyond it entries go to files. */
  readonly memoryBytes: number;
  /** Where the files are made (default: the system's folder for temporary files). */
  readonly directory?: string;
}): HashBuckets {
  const buffers: Buffer[] = Array.from({ length: BUCKETS }, () => Buffer.alloc(0));
  const used: number[] = new Array(BUCKETS).fill(0);
  let count = 0;
  let inMemory = 0;
  let folder: string | undefined;

  const fileOf = (index: number) => join(folder ?? '', String(index));

  function spill(): void {
    folder ??= mkdtempSync(join(directory, 'shelfcast-keys-'));
    for (const [index, buffer] of buffers.entries()) {
      const length = used[index] ?? 0;
      if (length > 0) appendFileSync(fileOf(index), buffer.subarray(0, length));
      used[index] = 0;
    }
    inMemory = 0;
  }

  function roomIn(index: number): Buffer {
    const buffer = buffers[index] ?? Buffer.alloc(0);
    const length = used[index] ?? 0;
    if (length + entryBytes <= buffer.length) return buffer;
    const larger = Buffer.alloc(Math.max(FIRST_BUFFER_BYTES, entryBytes, 2 * buffer.length));
    buffer.copy(larger, 0, 0, length);
    buffers[index] = larger;
    return larger;
  }

  return {
    get count() {
      return count;
    },
    add(entry) {
      const index = entry[0] ?? 0;
      const buffer = roomIn(index);
      const at = used[index] ?? 0;
      buffer.set(entry, at);
      used[index] = at + entryBytes;
      count += 1;
      inMemory += entryBytes;
      if (inMemory >= memoryBytes) spill();
    },
    bucket(index) {
      const last = (buffers[index] ?? Buffer.alloc(0)).subarray(0, used[index] ?? 0);
      if (folder === undefined) return last;
      return Buffer.concat([readIfThere(fileOf(index)), last]);
    },
    close() {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return Buffer.alloc(0);
    }
    throw error;
  }
}
