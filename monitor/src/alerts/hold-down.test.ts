import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createHoldDown } from './hold-down.ts';

const test = suite('steadiness of alerts');
const HOLD_MS = 50;

/** What fires at each moment, 10 ms apart, when something is so at the moments that `when` names. */
function firing(when: string, { atFirst = false } = {}): string {
  const holdDown = createHoldDown(HOLD_MS, 0);
  let isFiring = atFirst;
  return [...when]
    .map((moment, index) => {
      holdDown.observe(new Set(moment === 'x' ? ['a'] : []), index * 10, () => moment === '?');
      isFiring = holdDown.shouldFire('a', isFiring);
      return isFiring ? '!' : '.';
    })
    .join('');
}

test('fires once it has been so for long enough, and is resolved as late', () => {
  assert.is(firing('xxxxxxxxx.........'), '.....!!!!!!!!.....');
});

test('what comes and goes quickly does not fire, and does not resolve', () => {
  assert.is(firing('xxx.xxx.xxx.xxx.xx'), '..................');
  assert.is(firing('xxxxxx.xx..x.x.xxx'), '.....!!!!!!!!!!!!!');
});

test('a look that found nothing out about it neither ends nor delays it', () => {
  assert.is(firing('x?x??x?xx'), '.....!!!!');
});

test('what passes by itself at a start has to last longer', () => {
  const holdDown = createHoldDown(HOLD_MS, 0);
  const fires = [0, 50, 80, 90].map((nowMs) => {
    holdDown.observe(new Set(['a']), nowMs);
    return holdDown.shouldFire('a', false, 40);
  });
  assert.equal(fires, [false, false, false, true]);
});

test('what fired before this process began is given as long to show itself', () => {
  assert.is(firing('.......', { atFirst: true }), '!!!!!..');
  assert.is(firing('...xxxx', { atFirst: true }), '!!!!!!!');
});

test.run();
