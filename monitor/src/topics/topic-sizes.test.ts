import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readTopicSizes } from './topic-sizes.ts';

const test = suite('topic sizes');

test('each topic by name, its partitions by number, and what is between first and end', async () => {
  const marks = new Map([
    [1, { low: 9_007_199_254_740_993n, high: 9_007_199_254_740_995n }],
    [0, { low: 0n, high: 3n }],
  ]);
  const sizes = await readTopicSizes({
    listTopics: async () => ['b', '__consumer_offsets', 'a'],
    watermarks: async (topic) => (topic === 'a' ? marks : new Map()),
  });
  assert.equal(sizes, [
    {
      topic: 'a',
      records: 5,
      partitions: [
        { partition: 0, firstOffset: '0', endOffset: '3', records: 3 },
        {
          partition: 1,
          firstOffset: '9007199254740993',
          endOffset: '9007199254740995',
          records: 2,
        },
      ],
    },
    { topic: 'b', records: 0, partitions: [] },
  ]);
});

test.run();
