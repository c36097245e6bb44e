import { CodecError } from '@shelfcast/schemas/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isOutage, Outage, ProcessDied, RecordsGone, TooManyFailures } from './errors.ts';

test('what passes by itself is waited out, what is due to one change is not', () => {
  const away = [
    new Outage('the price list is away'),
    new TooManyFailures('most keys fail', { cause: new Error('one of them') }),
    new CodecError('the registry does not answer', {
      code: 'REGISTRY_UNAVAILABLE',
      retriable: true,
    }),
    Object.assign(new Error('the server shuts down'), { code: '57P01' }),
  ];
  const own = [
    new ProcessDied('2 processes died'),
    new RecordsGone('records were gone'),
    new CodecError('bytes end early', { code: 'MALFORMED' }),
    Object.assign(new Error('a value that is too long'), { code: '22001' }),
    new TypeError('of the handler'),
  ];
  assert.equal(away.map(isOutage), [true, true, true, true]);
  assert.equal(own.map(isOutage), [false, false, false, false, false]);
});

test('each says its code, whether trying again helps, and its cause', () => {
  const cause = new Error('one of them');
  const errors = [Outage, TooManyFailures, ProcessDied, RecordsGone].map(
    (Type) => new Type('text', { cause }),
  );
  assert.equal(
    errors.map(({ code, retriable }) => [code, retriable]),
    [
      ['OUTAGE', true],
      ['TOO_MANY_FAILURES', true],
      ['PROCESS_DIED', false],
      ['RECORDS_GONE', false],
    ],
  );
  assert.ok(errors.every((error) => error.cause === cause));
});

test.run();
