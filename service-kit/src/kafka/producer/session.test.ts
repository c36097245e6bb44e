import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { placeRecords } from './session.ts';

const test = suite('producer session');

test('offsets follow the order within each partition; a forgotten partition has none', () => {
  const topics = ['a', 'a', 'b', 'a', 'b'];
  const partitions = [0, 1, 0, 0, 2];
  const placed = placeRecords(
    topics.map((topic) => ({ topic, key: null, value: null })),
    partitions.map((partition) => ({ partition, value: null })),
    [
      { topicName: 'a', partition: 0, errorCode: 0, baseOffset: '10', logAppendTime: '1700' },
      { topicName: 'b', partition: 0, errorCode: 0, baseOffset: '5', logAppendTime: '-1' },
      { topicName: 'b', partition: 2, errorCode: 0, baseOffset: '0', logAppendTime: '-1' },
    ],
  );

  assert.equal(placed, [
    { topic: 'a', partition: 0, offset: 10n, timestampMs: 1700 },
    undefined,
    { topic: 'b', partition: 0, offset: 5n, timestampMs: null },
    { topic: 'a', partition: 0, offset: 11n, timestampMs: 1700 },
    { topic: 'b', partition: 2, offset: 0n, timestampMs: null },
  ]);
});

test.run();
