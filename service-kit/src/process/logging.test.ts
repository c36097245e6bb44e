import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bindRecord, createLogger } from './logging.ts';

const test = suite('logging');

function capture() {
  const lines: string[] = [];
  const log = createLogger({
    service: 'catalogue',
    instance: 'a',
    level: 'info',
    destination: { write: (line) => lines.push(line) },
  });
  return { log, last: () => JSON.parse(lines.at(-1) ?? '{}') };
}

test('lines name the service and the record', () => {
  const { log, last } = capture();
  bindRecord(log, { topic: 't', partition: 1, offset: 2n ** 60n, eventId: 'e' }).info('handled');

  const { time, ...line } = last();
  assert.equal(line, {
    level: 'info',
    service: 'catalogue',
    instance: 'a',
    topic: 't',
    partition: 1,
    offset: '1152921504606846976',
    eventId: 'e',
    msg: 'handled',
  });
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 10_000);
});

test('errors come with code and causes', () => {
  const { log, last } = capture();
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  log.error({ error: new Error('no broker', { cause }) }, 'failed');

  const { error } = last();
  assert.is(error.message, 'no broker');
  assert.is(error.cause.message, 'refused');
  assert.is(error.cause.code, 'ECONNREFUSED');
});

test('secrets are replaced', () => {
  const { log, last } = capture();
  log.info({ password: 'hunter2', sasl: { password: 'hunter2', username: 'me' } }, 'connecting');

  assert.not.match(JSON.stringify(last()), /hunter2/);
  assert.is(last().sasl.username, 'me');
});

test.run();
