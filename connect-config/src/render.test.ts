import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tablePattern } from './include-list.ts';
import { epochOf, includesTable, renderConnector, withTables } from './render.ts';
import type { CaptureSettings } from './settings.ts';
import { loadTemplate } from './template.ts';

const settings: CaptureSettings = {
  topicPrefix: 'pis',
  topicPartitions: 6,
  replicationFactor: 1,
  retentionMs: 1_000_000,
  maxRecordBytes: 16_777_216,
  pollIntervalMs: 5,
  exactlyOnceSource: false,
  consumerGroups: ['catalogue'],
};
const capturedTables = [
  { schema: 'public', table: 'countries', routingColumn: 'country_id' },
  { schema: 'public', table: 'product_discounts', routingColumn: 'product_id' },
  { schema: 'public', table: 'products', routingColumn: 'product_id' },
];
const render = (overrides: Partial<Parameters<typeof renderConnector>[0]> = {}) =>
  renderConnector({
    template: loadTemplate(),
    capturedTables,
    epoch: 1_700_000_000n,
    settings,
    ...overrides,
  });

test('tables are named exactly, case included, as the patterns Debezium wants; the heartbeat is one', () => {
  assert.is(
    render()['table.include.list'],
    [
      'public\\.countries',
      'public\\.product_discounts',
      'public\\.products',
      'shelfcast\\.heartbeat',
    ]
      .map((pattern) => `(?-i:${pattern})`)
      .join(','),
  );
  assert.is(tablePattern({ schema: 'a', table: 'b$c' }), 'a\\.b\\$c');
});

test('tables that share a routing column share a transform, so they share partitions', () => {
  const config = render();
  assert.is(config.transforms, 'dropSignals,rows,epoch,route1,route2');
  assert.is(config['transforms.route2.partition.payload.fields'], 'change.product_id');
  assert.is(
    config['predicates.route2.pattern'],
    'pis\\.public\\.product_discounts|pis\\.public\\.products',
  );
  assert.is(
    config['transforms.route1.partition.topic.num'],
    config['transforms.route2.partition.topic.num'],
  );
});

test('a transform has the predicate it names, and every predicate is declared', () => {
  const config = render();
  const declared = new Set((config.predicates ?? '').split(','));
  for (const [property, predicate] of Object.entries(config)) {
    if (/^transforms\.[^.]+\.predicate$/.test(property))
      assert.ok(declared.has(predicate), property);
  }
});

test('the epoch can be read back from a registered connector', () => {
  assert.is(epochOf(render({ epoch: 42n })), 42n);
  assert.is(epochOf({}), undefined);
});

test('one maximum record size reaches the producer, with room for two in its buffer', () => {
  const config = render({ settings: { ...settings, maxRecordBytes: 100_000_000 } });
  assert.is(config['producer.override.max.request.size'], '100000000');
  assert.is(config['producer.override.buffer.memory'], '200000000');
});

test('the template holds no secret', () => {
  for (const [property, value] of Object.entries(loadTemplate())) {
    if (/password|user|hostname|url/.test(property)) assert.match(value, /^\$\{env:CDC_/, property);
  }
});

test('the same input gives the same text', () => {
  assert.is(JSON.stringify(render()), JSON.stringify(render()));
});

test('a table is taken out of a registered configuration as if it had never been in it, with any settings', () => {
  const fewer = capturedTables.filter(({ table }) => table !== 'countries');
  const others = { ...settings, topicPartitions: 12, maxRecordBytes: 1_000_000, topicPrefix: 'eu' };
  const registered = render({ settings: others });
  assert.equal(withTables(registered, fewer), render({ settings: others, capturedTables: fewer }));
  // A table that the connector does not capture yet may have no topic.
  const more = [...capturedTables, { schema: 'eu', table: 'orders', routingColumn: 'id' }];
  assert.equal(withTables(registered, more), registered);
  assert.is(includesTable(registered, { schema: 'public', table: 'products' }), true);
  assert.is(includesTable(registered, { schema: 'public', table: 'product' }), false);
});

test.run();
