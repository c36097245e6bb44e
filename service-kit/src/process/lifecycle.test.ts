import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createLifecycle } from './lifecycle.ts';
import { silentLogger } from './logging.ts';

const test = suite('lifecycle');
const log = silentLogger();

test('undoes what was opened, last first, one by one', async () => {
  const lifecycle = createLifecycle({ log });
  const events: string[] = [];
  for (const name of ['pool', 'producer', 'consumer']) {
    lifecycle.onStop(name, async () => {
      events.push(`${name} begins`);
      await new Promise(setImmediate);
      events.push(`${name} ends`);
    });
  }

  assert.is(await lifecycle.stop('test'), true);

  assert.equal(events, [
    'consumer begins',
    'consumer ends',
    'producer begins',
    'producer ends',
    'pool begins',
    'pool ends',
  ]);
});

test('a hook that fails does not keep the others from running', async () => {
  const lifecycle = createLifecycle({ log });
  let closed = false;
  lifecycle.onStop('pool', () => {
    closed = true;
  });
  lifecycle.onStop('producer', () => Promise.reject(new Error('broken')));
  lifecycle.onStop('consumer', () => {
    throw new Error('broken, too');
  });

  assert.is(await lifecycle.stop('test'), false);
  assert.ok(closed);
});

test('stops once, however often it is asked to', async () => {
  const lifecycle = createLifecycle({ log });
  let times = 0;
  lifecycle.onStop('part', () => {
    times += 1;
  });

  await Promise.all([lifecycle.stop('one'), lifecycle.stop('two')]);
  await lifecycle.stop('three');

  assert.is(times, 1);
});

test('a hook that hangs is left behind at the deadline', async () => {
  const lifecycle = createLifecycle({ log, deadlineMs: 20 });
  let closed = false;
  lifecycle.onStop('pool', () => {
    closed = true;
  });
  lifecycle.onStop('hanging', () => new Promise(() => {}));

  assert.is(await lifecycle.stop('test'), false);
  assert.ok(closed);
});

test('what is opened while stopping is closed as well', async () => {
  const lifecycle = createLifecycle({ log });
  let closed = false;
  lifecycle.onStop('starting', () => {
    lifecycle.onStop('late', () => {
      closed = true;
    });
  });

  await lifecycle.stop('test');

  assert.ok(closed);
});

test.run();
