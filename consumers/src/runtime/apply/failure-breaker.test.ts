import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createFailureBreaker } from './failure-breaker.ts';

test('a few bad keys among many are parked', () => {
  const breaker = createFailureBreaker();
  assert.ok(breaker.allowsParking(985, 15));
  for (let nr = 0; nr < 100; nr += 1) {
    breaker.succeeded(1);
    assert.ok(breaker.allowsParking(1, 1), 'every third one fails');
  }
});

test('a batch in which most keys fail trips it, regardless of earlier batches', () => {
  const breaker = createFailureBreaker();
  breaker.succeeded(100_000);
  assert.not(breaker.allowsParking(3, 20));
  assert.match(breaker.tripped() ?? '', /20 keys/);
});

test('single changes that all fail trip it after about a dozen', () => {
  const breaker = createFailureBreaker();
  breaker.succeeded(1_000);
  let parked = 0;
  while (breaker.allowsParking(0, 1)) parked += 1;
  assert.ok(parked >= 10 && parked <= 20, `${parked}`);
});

test('tripped, it waits until most of what is tried succeeds', () => {
  const breaker = createFailureBreaker();
  breaker.allowsParking(0, 20);
  assert.not(breaker.allowsParking(0, 1));
  assert.not(breaker.allowsParking(5, 20));
  assert.ok(breaker.allowsParking(20, 1));
  assert.is(breaker.tripped(), undefined);
});

test('one batch that succeeds ends the pause', () => {
  const breaker = createFailureBreaker();
  breaker.allowsParking(0, 20);
  breaker.succeeded(1);
  assert.is(breaker.tripped(), undefined);
});

test.run();
