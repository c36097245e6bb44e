import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cdcTopic,
  deadLetterTopic,
  isManualTopic,
  isSystemTopic,
  keySubject,
  MANUAL_TOPICS,
  parseCdcTopic,
  valueSubject,
} from './topics.ts';

test('a table has a topic, and the topic tells the table', () => {
  const topic = cdcTopic({ schema: 'public', table: 'products' });
  assert.is(topic, 'pis.public.products');
  assert.equal(parseCdcTopic(topic), { schema: 'public', table: 'products' });
  assert.equal(parseCdcTopic('eu.one.crm.a', 'eu.one'), { schema: 'crm', table: 'a' });
});

test('a table whose name Kafka refuses gets the name Debezium gives its topic', () => {
  assert.is(
    cdcTopic({ prefix: 'x', schema: 'public', table: 'größe in cm' }),
    'x.public.gr__e_in_cm',
  );
});

test('other topics are no CDC topics', () => {
  for (const topic of [
    'monitoring',
    'pis',
    'pis.',
    'pis.public',
    'pis.public.',
    'pis..t',
    'pisa.public.t',
  ]) {
    assert.is(parseCdcTopic(topic), undefined, topic);
  }
});

test('subjects, dead letters and manual topics are named', () => {
  assert.is(keySubject('pis.public.products'), 'pis.public.products-key');
  assert.is(valueSubject('country'), 'country-value');
  assert.is(deadLetterTopic('catalogue'), 'catalogue.dlq');
  assert.ok(isManualTopic('country'));
  assert.not(isManualTopic('constructor'));
});

test('the pipeline’s own topics are told from those that others publish to', () => {
  const own = [
    'monitoring',
    'stock_alerts',
    'pis.public.products',
    'pricing.dlq',
    '__consumer_offsets',
  ];
  for (const topic of [...own, 'shelfcast-connect-offsets']) assert.ok(isSystemTopic(topic), topic);
  for (const topic of [...MANUAL_TOPICS, 'orders', 'pisces'])
    assert.not.ok(isSystemTopic(topic), topic);
  assert.ok(isSystemTopic('shop.public.products', 'shop'));
});

test.run();
