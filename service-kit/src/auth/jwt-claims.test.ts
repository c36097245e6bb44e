import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { highestRole, subjectOf } from './jwt-claims.ts';

test('roles are named whole, alone or behind their prefix', () => {
  assert.is(highestRole(['viewer', 'shelfcast:publisher']), 'publisher');
  assert.is(highestRole('viewer shelfcast:operator'), 'operator');
  for (const claim of [
    'oshelfcast:perator',
    ['operator:shelfcast:'],
    ['Operator'],
    [['operator']],
    {},
    5,
  ]) {
    assert.is(highestRole(claim), undefined, JSON.stringify(claim));
  }
});

test('a subject is a text that names one caller', () => {
  assert.is(subjectOf('auth0|5f7c'), 'auth0|5f7c');
  for (const claim of [
    '',
    '  ',
    'a\u0000b',
    'x'.repeat(5_000),
    {},
    7,
    undefined,
    ['a'],
    '\ud800',
  ]) {
    assert.is(subjectOf(claim), undefined, JSON.stringify(claim)?.slice(0, 40));
  }
});

test.run();
