import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createPartitionStates } from './partition-state.ts';

const test = suite('partition states');

const at = (partition: number, topic = 't') => ({ topic, partition });

test('only what was handled on assigned partitions is committed, once', () => {
  const states = createPartitionStates();
  states.assign([at(0), at(1)]);
  states.of(at(0)).uncommitted = 5n;
  states.of(at(2)).uncommitted = 9n;
  assert.equal(states.uncommitted(), [{ ...at(0), offset: 5n }]);

  const commit = states.uncommitted();
  states.of(at(0)).uncommitted = 8n;
  states.committed(commit);
  assert.equal(states.uncommitted(), [{ ...at(0), offset: 8n }], 'handled while committing');
  states.committed(states.uncommitted());
  assert.equal(states.uncommitted(), []);
});

test('a partition that comes back starts from nothing', () => {
  const states = createPartitionStates();
  states.assign([at(0)]);
  states.of(at(0)).position = 5n;
  states.assign([]);
  states.assign([at(0)]);
  assert.is(states.of(at(0)).position, null);
});

test('pauses by request cover partitions assigned later', () => {
  const states = createPartitionStates();
  states.pauseByRequest([{ topic: 't' }, { topic: 'u', partitions: [1] }]);
  assert.ok(states.isPausedByRequest(at(7)));
  assert.ok(states.isPausedByRequest(at(1, 'u')));
  assert.not(states.isPausedByRequest(at(0, 'u')));

  states.resumeByRequest([{ topic: 't' }, { topic: 'u' }]);
  assert.not(states.isPausedByRequest(at(7)));
  assert.not(states.isPausedByRequest(at(1, 'u')));
});

test.run();
