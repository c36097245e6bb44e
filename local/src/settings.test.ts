import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readSettings } from './settings.ts';

const test = suite('settings of the local stack');

test('nothing has to be set', () => {
  const settings = readSettings({});
  assert.is(settings.brokers, 1);
  assert.is(settings.capture.replicationFactor, 1);
  assert.is(settings.ports.kafka[0], 9092);
  assert.match(settings.stateDir, /\.shelfcast\/stack$/);
});

test('three brokers keep three copies', () => {
  const settings = readSettings({ BROKERS: '3' });
  assert.is(settings.ports.kafka.length, 3);
  assert.is(settings.capture.replicationFactor, 3);
});

test('an empty variable counts as unset', () => {
  assert.is(readSettings({ PORT_OFFSET: '' }).portOffset, 0);
});

test('every wrong variable is named', () => {
  assert.throws(
    () => readSettings({ BROKERS: '2', KAFKA_PORT: 'ninety', PORT_OFFSET: '-1' }),
    (error: Error) =>
      ['BROKERS', 'KAFKA_PORT', 'PORT_OFFSET'].every((name) => error.message.includes(name)),
  );
});

test.run();
