import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApiError } from './api/problem.ts';
import { absentAsNull, both, failed, known, knownValue, LOADING, mapLoaded } from './loaded.ts';

const test = suite('loaded');
const away = failed(new ApiError('away', { status: 503, code: 'unavailable' }));
const absent = failed(new ApiError('no such', { status: 404, code: 'not-found' }));

test('two are known when both are, and a failure tells before what still loads', () => {
  assert.equal(both(known(1), known('a')), known([1, 'a']));
  for (const other of [LOADING, known(1)]) {
    assert.is(both(away, other), away);
    assert.is(both(other, away), away);
  }
  assert.is(both(known(1), LOADING), LOADING);
});

test('nothing follows from what is unknown', () => {
  const never = () => assert.unreachable();
  assert.is(mapLoaded(LOADING, never), LOADING);
  assert.is(mapLoaded(away, never), away);
  assert.equal(
    mapLoaded(known(2), (value) => value + 1),
    known(3),
  );
  assert.is(knownValue(LOADING), undefined);
});

test('only a 404 says that there is no such thing', () => {
  assert.equal(absentAsNull(absent), known(null));
  assert.is(absentAsNull(away), away);
  assert.is(absentAsNull(LOADING), LOADING);
});

test.run();
