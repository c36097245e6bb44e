import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from './eventually.ts';

const test = suite('eventually');

test('tries until nothing is thrown, and returns the value', async () => {
  let tries = 0;
  const value = await eventually(
    () => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return tries;
    },
    { what: 'three tries', intervalMs: 1 },
  );
  assert.is(value, 3);
});

test('false is a failure, undefined is not', async () => {
  let tries = 0;
  await eventually(() => ++tries >= 2, { what: 'two tries', intervalMs: 1 });
  assert.is(tries, 2);
  assert.is(await eventually(() => undefined, { what: 'nothing thrown' }), undefined);
});

test('the failure names what was waited for and the last error', async () => {
  try {
    await eventually(() => assert.is(1, 2, 'one is not two'), {
      what: 'the impossible',
      timeoutMs: 20,
      intervalMs: 5,
    });
  } catch (error) {
    assert.instance(error, Error);
    assert.match(String(error), /waited 20 ms for the impossible: one is not two/);
    return;
  }
  assert.unreachable();
});

test('a try that hangs does not outlive the time limit', async () => {
  const startedMs = performance.now();
  await eventually(() => new Promise(() => {}), { what: 'an answer', timeoutMs: 30 }).then(
    () => assert.unreachable(),
    (error) => assert.match(String(error), /the last try did not end/),
  );
  assert.ok(performance.now() - startedMs < 1_000);
});

test.run();
