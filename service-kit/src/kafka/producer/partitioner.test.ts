import kafkajs from 'kafkajs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { murmur2, partitionForKey } from './partitioner.ts';

const test = suite('partitioner');

test('hashes as Kafka does', () => {
  // From org.apache.kafka.common.utils.UtilsTest#testMurmur2.
  const known: [string, number][] = [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ];
  for (const [text, hash] of known) assert.is(murmur2(Buffer.from(text)), hash, text);
  assert.is(murmur2(Buffer.from('abc')), 479470107);
});

test('puts keys where kafkajs and the Java client put them', () => {
  const theirs = kafkajs.Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: 7 }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 1,
    replicas: [1],
    isr: [1],
  }));
  for (let index = 0; index < 300; index += 1) {
    const key = `key ${index} ${'é'.repeat(index % 9)}`;
    const message = { key, value: null };
    assert.is(partitionForKey(key, 7), theirs({ topic: 't', partitionMetadata, message }), key);
    assert.is(partitionForKey(Buffer.from(key), 7), partitionForKey(key, 7));
  }
});

test.run();
