import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { instant, readQuery, whole } from './read-query.ts';

const test = suite('reading a query');

const shape = {
  from: instant().optional(),
  limit: whole({ min: 1, max: 500 }).optional(),
};

test('a time is one that the calendar has', () => {
  const ms = Date.parse('2028-02-29T00:00:00Z');
  for (const from of ['2028-02-29T00:00:00Z', '2028-02-29T01:00:00+01:00', `${ms}`]) {
    assert.is(readQuery({ from }, shape).from, ms);
  }
  for (const day of ['2026-02-30', '2027-02-29', '2026-04-31', '2026-13-01']) {
    assert.throws(() => readQuery({ from: `${day}T00:00:00Z` }, shape), /from must be a time/);
  }
});

test('what is wrong is said in words', () => {
  assert.throws(() => readQuery({ limit: '501' }, shape), /^limit must be at most 500$/);
  assert.throws(() => readQuery({ colour: 'red' }, shape), /^must not have colour$/);
  assert.throws(() => readQuery({ from: ['1', '2'] }, shape), /^from must be a text$/);
});

test.run();
