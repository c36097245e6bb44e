import type { KafkaRecord } from '@shelfcast/service-kit/kafka/types';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDecodeCache } from './decode-cache.ts';

const record = (offset: number, more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  topic: 't',
  partition: 0,
  offset: BigInt(offset),
  key: null,
  value: Buffer.from(`value ${offset}`),
  headers: {},
  timestampMs: 1,
  ...more,
});

test('the same record is known, another at its place is not', () => {
  const cache = createDecodeCache();
  cache.set(record(1), null);
  assert.is(cache.get(record(1)), null);
  assert.is(cache.get(record(2)), undefined);
  assert.is(cache.get(record(1, { value: Buffer.from('other') })), undefined);
  assert.is(cache.get(record(1, { timestampMs: 2 })), undefined);
  assert.is(cache.get(record(1, { value: null })), undefined);
});

test('the oldest are forgotten', () => {
  const cache = createDecodeCache(10);
  for (let offset = 0; offset < 35; offset += 1) cache.set(record(offset), null);
  const known = Array.from({ length: 35 }, (_, offset) => cache.get(record(offset)) === null);
  assert.is(known.lastIndexOf(false), 19);
  assert.is(known.filter(Boolean).length, 15);
});

test('large records are forgotten sooner', () => {
  const cache = createDecodeCache(1_000, 100);
  const large = (offset: number) => record(offset, { value: Buffer.alloc(100, offset) });
  for (let offset = 0; offset < 5; offset += 1) cache.set(large(offset), null);
  const known = Array.from({ length: 5 }, (_, offset) => cache.get(large(offset)) === null);
  assert.equal(known, [false, false, false, true, true]);
});

test('and so are those of some seconds ago', () => {
  let nowMs = 0;
  const cache = createDecodeCache(1_000, 1_000, () => nowMs);
  const seconds = [0, 1, 2, 3, 4];
  for (const second of seconds) {
    nowMs = second * 1_000;
    cache.set(record(second), null);
  }
  const known = seconds.map((second) => cache.get(record(second)) === null);
  assert.equal(known, [false, false, true, true, true]);
});

test.run();
