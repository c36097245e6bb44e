import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withLock } from './lock.ts';

const test = suite('lock');
const folder = mkdtempSync(join(tmpdir(), 'shelfcast-lock-'));
const file = join(folder, 'lock');

test.after(() => rmSync(folder, { recursive: true }));

test('the second caller is told who is busy with what', async () => {
  await withLock({ file, doing: 'starting', waitMs: 0 }, async () => {
    try {
      await withLock({ file, doing: 'stopping', waitMs: 0 }, async () => {});
      assert.unreachable('the lock is held');
    } catch (error) {
      assert.match(String(error), `pid ${process.pid}`);
      assert.match(String(error), 'starting');
    }
  });
  await withLock({ file, doing: 'again', waitMs: 0 }, async () => {});
});

test('only one of many is inside at a time', async () => {
  let inside = 0;
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock({ file, doing: 'counting', waitMs: 5_000 }, async () => {
        inside += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
        assert.is(inside, 1);
        inside -= 1;
      }),
    ),
  );
});

test('the lock of a process that is gone, or was never written, is taken over', async () => {
  for (const left of [JSON.stringify({ pid: 1, startedAt: 'long ago', doing: 'x' }), '']) {
    writeFileSync(file, left);
    assert.is(await withLock({ file, doing: 'next', waitMs: 1_000 }, async () => 'in'), 'in');
  }
});

test.run();
