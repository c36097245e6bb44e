import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fixKafkajs } from './fixes.ts';
import { isOfEarlierGeneration } from './generations.ts';

const test = suite('kafkajs generations');
const place = [{ topic: 't', partitions: [0] }];

/** Of kafkajs' group, what a fetch of one partition needs; `answered` is called before the broker answers. */
function groupWith(answered: () => void) {
  const offsets = () => ({
    resolveOffsets: async () => {},
    committedOffsets: () => ({ t: { 0: '5' } }),
    nextOffset: () => '5',
  });
  const data = { partition: 0, highWatermark: '9', messages: [{ offset: '5' }, { offset: '6' }] };
  const broker = {
    fetch: async () => {
      answered();
      return { responses: [{ topicName: 't', partitions: [data] }] };
    },
  };
  const group: ConsumerGroup = Object.create(ConsumerGroup.prototype);
  Object.assign(group, {
    offsetManager: offsets(),
    seekOffset: { pop: () => undefined, has: () => false },
    subscriptionState: { assigned: () => place, active: () => place, isPaused: () => false },
    preferredReadReplicasPerTopicPartition: {},
    cluster: {
      refreshMetadataIfNecessary: async () => {},
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
      findBroker: async () => broker,
    },
  });
  const assignAgain = (): void => {
    group.offsetManager = offsets();
  };
  return { group, assignAgain };
}

test('what is fetched belongs to the assignment of its request, whenever that ends', async () => {
  fixKafkajs();
  const { group, assignAgain } = groupWith(() => {});
  const [batch] = await group.fetch(1);
  assert.ok(batch !== undefined);
  assert.is(isOfEarlierGeneration(batch), false);
  assignAgain();
  assert.is(isOfEarlierGeneration(batch), true, 'it waited to be handed over');

  const [next] = await group.fetch(1);
  assert.ok(next !== undefined);
  assert.is(isOfEarlierGeneration(next), false);
});

test('so does an answer that comes after the assignment has ended', async () => {
  fixKafkajs();
  let end = (): void => {};
  const { group, assignAgain } = groupWith(() => end());
  end = assignAgain;
  const [batch] = await group.fetch(1);
  assert.ok(batch !== undefined);
  assert.is(isOfEarlierGeneration(batch), true);
});

test.run();
