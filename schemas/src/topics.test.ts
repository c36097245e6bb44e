import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cdcTopic,
  deadLetterTopic,
  isManualTopic,
  keySubject,
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

test.run();
