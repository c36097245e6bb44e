import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BUCKET_COUNT, createHashBuckets, HASH_BYTES, hashOfKey } from './hash-buckets.ts';

const test = suite('hash buckets');

for (const memoryBytes of [1_000, 1_000_000]) {
  test(`keeps every entry in order with ${memoryBytes} bytes of memory`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'hash-buckets-test-'));
    const buckets = createHashBuckets({ entryBytes: HASH_BYTES + 2, memoryBytes, directory });
    for (let round = 0; round < 3; round += 1) {
      for (let nr = 0; nr < 1_000; nr += 1) {
        buckets.add(Buffer.concat([hashOfKey(`key ${nr}`), Buffer.from([round, nr % 256])]));
      }
    }
    assert.is(buckets.count, 3_000);
    const seen = new Map<string, number[]>();
    for (let index = 0; index < BUCKET_COUNT; index += 1) {
      const entries = buckets.bucket(index);
      for (let at = 0; at < entries.length; at += HASH_BYTES + 2) {
        const key = entries.toString('hex', at, at + HASH_BYTES);
        seen.set(key, [...(seen.get(key) ?? []), entries.readUInt8(at + HASH_BYTES)]);
      }
    }
    assert.is(seen.size, 1_000);
    assert.equal(seen.get(hashOfKey('key 7').toString('hex')), [0, 1, 2]);
    buckets.close();
    assert.equal(readdirSync(directory), [], 'its files are gone');
    rmSync(directory, { recursive: true });
  });
}

test.run();
