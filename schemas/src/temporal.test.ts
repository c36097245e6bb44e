import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  dateText,
  durationText,
  instantText,
  parseInstant,
  timestampText,
  timeText,
  zonedTimestampText,
} from './temporal.ts';

test('days agree with the calendar of the runtime wherever that has one', () => {
  for (let days = -719_162; days < 2_932_896; days += 997) {
    assert.is(dateText(days), new Date(days * 86_400_000).toISOString().slice(0, 10));
  }
});

test('dates outside the runtime’s calendar', () => {
  assert.is(dateText(-719_163), '0001-12-31 BC');
  assert.is(dateText(-719_528), '0001-01-01 BC');
  // Postgres's last date.
  assert.is(dateText(2_145_042_905), '5874897-12-31');
});

test('timestamps keep every digit, before 1970 and beyond 2^53 microseconds', () => {
  assert.is(timestampText(0n, 'us'), '1970-01-01T00:00:00.000000');
  assert.is(timestampText(-1n, 'us'), '1969-12-31T23:59:59.999999');
  assert.is(timestampText(1_700_000_000_123n, 'ms'), '2023-11-14T22:13:20.123000');
  assert.is(timestampText(1_700_000_000_123_456_789n, 'ns'), '2023-11-14T22:13:20.123456789');
  assert.is(timestampText(253_402_300_799_999_999n, 'us'), '9999-12-31T23:59:59.999999');
  assert.is(timestampText(-62_135_596_800_000_001n, 'us'), '0001-12-31T23:59:59.999999 BC');
});

test('infinities are recognised in every unit', () => {
  const infinite = [
    ['us', 9_223_372_036_825_200_000n, -9_223_372_036_832_400_000n],
    ['us', 2n ** 63n - 1n, -(2n ** 63n)],
    ['ms', 9_223_372_036_825_200n, -9_223_372_036_832_400n],
    ['ms', 9_223_372_036_825_200_000n, -9_223_372_036_832_400_000n],
    ['ns', 2n ** 63n - 1n, -(2n ** 63n)],
  ] as const;
  for (const [unit, positive, negative] of infinite) {
    assert.is(timestampText(positive, unit), 'infinity');
    assert.is(timestampText(negative, unit), '-infinity');
  }
  for (const days of [2_146_033_979, -2_147_472_692, -622_191_234])
    assert.is(dateText(days), 'infinity');
  for (const days of [-2_147_472_691, -625_821_272]) assert.is(dateText(days), '-infinity');
});

test('zoned timestamps outside the years 1 to 9999 become what Postgres reads', () => {
  for (const [java, postgres] of [
    ['2026-11-22T19:28:07.829337Z', '2026-11-22T19:28:07.829337Z'],
    ['0001-01-01T00:00:00.000000Z', '0001-01-01T00:00:00.000000Z'],
    ['+10000-01-01T00:00:00.000000Z', '10000-01-01T00:00:00.000000Z'],
    ['+294276-12-31T23:59:59.999999Z', '294276-12-31T23:59:59.999999Z'],
    ['0000-12-31T23:59:59.999999Z', '0001-12-31T23:59:59.999999Z BC'],
    ['-4712-01-01T00:00:00.000000Z', '4713-01-01T00:00:00.000000Z BC'],
    ['infinity', 'infinity'],
    ['-infinity', '-infinity'],
  ] as const) {
    assert.is(zonedTimestampText(java), postgres);
  }
});

test('times of day and lengths of time', () => {
  assert.is(timeText(45_296_000_001n, 'us'), '12:34:56.000001');
  assert.is(timeText(86_400_000n, 'ms'), '24:00:00.000000');
  assert.is(timeText(1n, 'ns'), '00:00:00.000000001');
  assert.is(durationText(0n), 'PT0.000000S');
  assert.is(durationText(-1_500_000n), 'PT-1.500000S');
  assert.is(durationText(9_223_372_036_854_775_807n), 'PT9223372036854.775807S');
});

test('instants go to text and back', () => {
  for (const unixUs of [0n, 1_700_000_000_123_456n, -1n, -62_135_596_800_000_000n]) {
    assert.is(parseInstant(instantText(unixUs)), unixUs);
  }
  assert.is(parseInstant('2026-01-01T02:00:00.123456789+02:00'), 1_767_225_600_123_456n);
  for (const text of ['', 'now', '2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00']) {
    assert.is(parseInstant(text), undefined, text);
  }
});

test.run();
