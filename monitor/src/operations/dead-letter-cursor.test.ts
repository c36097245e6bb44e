import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cursorAfter, parseCursor } from './dead-letter-cursor.ts';

const test = suite('dead letter cursor');

test('a cursor comes back as it was, what Postgres could not read is refused', () => {
  const cursor = { parkedAt: '2026-11-28T10:00:00.000001Z', id: '7' };
  assert.equal(parseCursor(cursorAfter(cursor)), cursor);
  const made = [
    { ...cursor, parkedAt: '0000-01-01T00:00:00.000000Z' },
    { ...cursor, parkedAt: '2026-02-30T00:00:00.000000Z' },
    { ...cursor, id: '9'.repeat(26) },
  ].map(cursorAfter);
  for (const text of ['', 'x', ...made]) assert.throws(() => parseCursor(text), /cursor/);
});

test.run();
