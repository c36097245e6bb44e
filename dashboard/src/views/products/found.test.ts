import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../event/testing.ts';
import { foundKeys } from './found.ts';

const test = suite('found keys');

test('each key once, by its newest change', () => {
  const found = foundKeys([
    report({ eventId: '3', key: 'P-2', occurredAtUs: 3 }),
    report({ eventId: '2', key: 'P-1', occurredAtUs: 2 }),
    report({ eventId: '2', key: 'P-1', occurredAtUs: 2, service: 'catalogue' }),
    report({ eventId: '1', key: 'P-1', occurredAtUs: 1 }),
    report({ eventId: '0', key: null, occurredAtUs: 0 }),
  ]);
  assert.equal(
    found.map(({ key, changes, newest }) => [key, changes, newest.eventId]),
    [
      ['P-2', 1, '3'],
      ['P-1', 2, '2'],
    ],
  );
});

test.run();
