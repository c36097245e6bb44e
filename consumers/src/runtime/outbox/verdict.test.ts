import { KafkaError, type KafkaErrorCode } from '@shelfcast/service-kit/kafka/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { verdictOf } from './verdict.ts';

const errorOf = (code: KafkaErrorCode, retriable = false) =>
  new KafkaError(code, { code, retriable });

test('an outage and a closed producer leave the message where it is', () => {
  assert.is(verdictOf(undefined).kind, 'unsent');
  assert.is(verdictOf(errorOf('UNAVAILABLE', true)).kind, 'unsent');
  assert.is(verdictOf(errorOf('INDEFINITE', true)).kind, 'unsent');
  assert.is(verdictOf(errorOf('CLOSED')).kind, 'unsent');
});

test('what is wrong with the topic holds its messages, what is wrong with the record sets it aside', () => {
  for (const code of ['UNKNOWN_TOPIC', 'UNAUTHORIZED', 'TOPIC_NOT_ALLOWED'] as const) {
    assert.is(verdictOf(errorOf(code)).kind, 'held');
  }
  for (const code of ['RECORD_TOO_LARGE', 'REFUSED'] as const) {
    assert.is(verdictOf(errorOf(code)).kind, 'refused');
  }
});

test('a place in the log is an acknowledgement', () => {
  const place = { topic: 't', partition: 0, offset: 7n, timestampMs: null };
  assert.is(verdictOf(place).kind, 'sent');
});

test.run();
