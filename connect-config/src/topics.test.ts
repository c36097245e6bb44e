import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { CaptureSettings } from './settings.ts';
import { declaredTopics } from './topics.ts';

const settings: CaptureSettings = {
  topicPrefix: 'pis',
  topicPartitions: 6,
  replicationFactor: 1,
  retentionMs: 604_800_000,
  maxRecordBytes: 16_777_216,
  pollIntervalMs: 5,
  exactlyOnceSource: false,
  consumerGroups: ['catalogue', 'pricing'],
};
const capturedTables = [
  { schema: 'public', table: 'products' },
  { schema: 'public', table: 'product_discounts' },
];

test('there is a topic for every table, kind of event, report and group', () => {
  const topics = declaredTopics({ settings, capturedTables }).map(({ topic }) => topic);
  assert.equal(topics.sort(), [
    '__debezium-heartbeat.pis',
    '__debezium-notifications.pis',
    'catalogue.dlq',
    'country',
    'monitoring',
    'pis.public.product_discounts',
    'pis.public.products',
    'pis.shelfcast.heartbeat',
    'pricing.dlq',
    'product_discounts',
    'product_updates',
    'stock_alerts',
  ]);
});

test('CDC topics have the same number of partitions, so that equal keys land together', () => {
  const cdc = declaredTopics({ settings, capturedTables }).filter(({ topic }) =>
    topic.startsWith('pis.public.'),
  );
  assert.equal(new Set(cdc.map(({ partitions }) => partitions)), new Set([6]));
});

test('three replicas need two in sync; every topic keeps by time, with the broker’s clock', () => {
  for (const { configs } of declaredTopics({
    settings: { ...settings, replicationFactor: 3 },
    capturedTables,
  })) {
    assert.is(configs['min.insync.replicas'], '2');
    assert.is(configs['cleanup.policy'], 'delete');
    assert.is(configs['message.timestamp.type'], 'LogAppendTime');
    assert.is(configs['max.message.bytes'], '16777216');
  }
});

test.run();
