import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCollector, TooManyBytes, TooManyParts } from './collector.ts';

function collect(parts: readonly string[], limitBytes = 1_000_000) {
  const asked: number[] = [];
  const collector = createCollector({ limitBytes, grow: (bytes) => asked.push(bytes) });
  for (const part of parts) collector.add(Buffer.from(part));
  return { text: collector.bytes().toString(), asked };
}

test('parts come out in one piece, however they are cut', () => {
  assert.equal(collect([]), { text: '', asked: [] });
  assert.equal(collect(['abc']), { text: 'abc', asked: [] });
  assert.equal(collect(['a', '', 'bc', 'd']), { text: 'abcd', asked: [] });
  const long = Array.from({ length: 10_000 }, (_, nr) => `${nr},`);
  assert.is(collect(long).text, long.join(''));
});

test('only what goes beyond the free bytes is asked for, as it comes', () => {
  assert.equal(collect(['x'.repeat(16 * 1024)]).asked, []);
  assert.equal(collect(['x'.repeat(16 * 1024 + 5)]).asked, [5]);
  assert.equal(collect(Array.from({ length: 8_192 }, () => 'x')).asked, []);
  const { asked } = collect(Array.from({ length: 100 }, () => 'x'.repeat(1_000)));
  const total = asked.reduce((sum, bytes) => sum + bytes, 0);
  assert.ok(total <= 2 * 100_000, 'at most twice what came');
});

test('a part beyond the limit is refused, and so is one that there is no memory for', () => {
  assert.throws(
    () => collect(['abc', 'def'], 5),
    (error: unknown) => error instanceof TooManyBytes,
  );
  const collector = createCollector({
    limitBytes: 1_000_000,
    grow: () => {
      throw new Error('full');
    },
  });
  collector.add(Buffer.alloc(10_000));
  assert.throws(() => collector.add(Buffer.alloc(10_000)), 'full');
});

test('so many parts of a byte are refused, and as many bytes in larger ones are not', () => {
  const limitBytes = 8_000_000;
  const inParts = (count: number, bytes: number) => () =>
    collect(
      Array.from({ length: count }, () => 'x'.repeat(bytes)),
      limitBytes,
    );
  assert.throws(inParts(20_000, 1), (error: unknown) => error instanceof TooManyParts);
  assert.is(inParts(14_900, 536)().text.length, 7_986_400);
});

test.run();
