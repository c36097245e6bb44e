import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCursor, encodeCursor } from './cursor.ts';

const test = suite('cursor');

test('a cursor comes back as it was, anything else is refused', () => {
  const cursor = { occurredUs: 1_700_000_000_000_001, eventId: 'é/"', series: 3, reportKey: '1.2' };
  assert.equal(decodeCursor(encodeCursor(cursor)), cursor);
  for (const text of ['', 'x', Buffer.from('[1]').toString('base64url')]) {
    assert.throws(() => decodeCursor(text), /cursor/);
  }
});

test.run();
