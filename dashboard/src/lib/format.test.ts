import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  bytes,
  clockTime,
  exact,
  milliseconds,
  percent,
  perSecond,
  plural,
  relativeTime,
  span,
} from './format.ts';

const test = suite('format');

test('times', () => {
  const atMs = new Date(2026, 10, 28, 11, 36, 41, 207).getTime();
  assert.is(clockTime(atMs, atMs + 5_000), '11:36:41.207');
  assert.match(clockTime(atMs, atMs + 3 * 86_400_000), /^28 Nov 11:36:41\.207$/);
  assert.is(clockTime(Number.NaN, 0), '–');
  assert.is(relativeTime(1_000, 1_900), 'now');
  assert.is(relativeTime(0, 12_500), '12 s ago');
  assert.is(relativeTime(200_000, 0), 'in 3 min');
});

test('lengths of time', () => {
  assert.is(span(59_999), '59 s');
  assert.is(span(7_500_000), '2 h 5 min');
  assert.is(span(9.5 * 86_400_000), '9 days');
  assert.is(milliseconds(0.44), '0.4 ms');
  assert.is(milliseconds(9), '9 ms');
  assert.is(milliseconds(1_240), '1.24 s');
  assert.is(milliseconds(null), '–');
});

test('sizes and rates', () => {
  assert.is(bytes('4308550656'), '4.01 GB');
  assert.is(bytes(192), '192 B');
  assert.is(bytes(20_480), '20 kB');
  assert.is(bytes(null), '–');
  assert.is(perSecond(147.7), '148/s');
  assert.is(perSecond(0.42), '0.4/s');
  assert.is(percent(0.0042), '0.42 %');
  assert.is(plural(1, 'dead letter'), '1 dead letter');
  assert.is(plural(2_410, 'change'), '2,410 changes');
});

test('exact decimals keep every digit', () => {
  assert.is(exact('1204.50'), '1,204.50');
  assert.is(
    exact('-123456789012345678901234.5678901234'),
    '-123,456,789,012,345,678,901,234.5678901234',
  );
  for (const text of ['NaN', '', '1e3', '0.10']) assert.is(exact(text), text);
});

test.run();
