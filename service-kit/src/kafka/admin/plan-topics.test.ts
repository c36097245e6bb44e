import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { planTopics } from './plan-topics.ts';

const test = suite('plan topics');

const spec = (topic: string, configs: Record<string, string> = {}, partitions = 2) => ({
  topic,
  partitions,
  replicationFactor: 1,
  configs,
});
const existing = (topic: string, count = 2) => ({
  topic,
  partitions: Array.from({ length: count }, (_, partition) => ({
    partition,
    leader: 1,
    replicas: [1],
    inSyncReplicas: [1],
  })),
});

test('creates what is missing, leaves what is right', () => {
  const configs = new Map([['b', [{ name: 'retention.ms', value: '5', source: 1 }]]]);
  const plan = planTopics(
    [spec('a'), spec('b', { 'retention.ms': '5' })],
    [existing('b')],
    configs,
  );

  assert.equal(
    plan.create.map(({ topic }) => topic),
    ['a'],
  );
  assert.equal(plan.alter, []);
  assert.equal(
    plan.outcome.map(({ action }) => action),
    ['created', 'unchanged'],
  );
});

test('an altered topic keeps what else was set on it, and inherits the rest', () => {
  const configs = new Map([
    [
      'a',
      [
        { name: 'retention.ms', value: '5', source: 1 },
        { name: 'segment.bytes', value: '99', source: 1 },
        { name: 'cleanup.policy', value: 'delete', source: 5 },
      ],
    ],
  ]);
  const plan = planTopics([spec('a', { 'retention.ms': '6' })], [existing('a')], configs);

  assert.equal(plan.alter, [
    { topic: 'a', configs: { 'retention.ms': '6', 'segment.bytes': '99' } },
  ]);
  assert.equal(plan.outcome[0]?.changed, { 'retention.ms': { from: '5', to: '6' } });
});

test('another number of partitions is refused, every topic named', () => {
  assert.throws(
    () =>
      planTopics(
        [spec('a'), spec('b'), spec('c')],
        [existing('a', 3), existing('b', 1)],
        new Map(),
      ),
    /a has 3 partitions instead of 2; b has 1 partitions instead of 2/,
  );
});

test.run();
