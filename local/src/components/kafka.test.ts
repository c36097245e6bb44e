import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { brokerProperties, propertiesText } from './kafka.ts';

const test = suite('broker properties');

const brokers = [9092, 9192, 9292].map((port) => ({
  host: '127.0.0.1',
  port,
  controllerPort: port + 1,
}));
const common = { bindAddress: '127.0.0.1', dataDir: '/data', maxRecordBytes: 1_000 };

test('a single broker keeps one copy and says where it is', () => {
  const properties = brokerProperties({ ...common, nodeId: 1, brokers: brokers.slice(0, 1) });
  assert.is(properties['advertised.listeners'], 'PLAINTEXT://127.0.0.1:9092');
  assert.is(properties['controller.quorum.voters'], '1@127.0.0.1:9093');
  assert.is(properties['offsets.topic.replication.factor'], '1');
  assert.is(properties['min.insync.replicas'], '1');
});

test('three brokers keep three copies of everything, two of them in sync', () => {
  const properties = brokerProperties({ ...common, nodeId: 3, brokers });
  assert.is(properties['node.id'], '3');
  assert.match(properties.listeners ?? '', 'CONTROLLER://127.0.0.1:9293');
  for (const [name, value] of Object.entries(properties)) {
    if (name.endsWith('replication.factor')) assert.is(value, '3', name);
    if (name.endsWith('min.insync.replicas') || name.endsWith('min.isr'))
      assert.is(value, '2', name);
  }
});

test('the record limit reaches writers and replicas, and no topic is made by accident', () => {
  const properties = brokerProperties({ ...common, nodeId: 1, brokers });
  assert.is(properties['message.max.bytes'], '1000');
  assert.is(properties['replica.fetch.max.bytes'], '1000');
  assert.is(properties['auto.create.topics.enable'], 'false');
});

test('a file of properties keeps backslashes', () => {
  assert.is(propertiesText({ a: 'x\\y', b: '1' }), 'a=x\\\\y\nb=1\n');
});

test.run();
