import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatTraceparent, parseTraceparent, spanIdOf, traceIdOf } from './trace-context.ts';

const test = suite('trace context');
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

test('a context is read as it was written, and nothing else is', () => {
  const context = { traceId: TRACE, spanId: SPAN, flags: '00' };
  assert.equal(parseTraceparent(formatTraceparent(context)), context);
  for (const text of ['', TRACE, `00-${TRACE}-${SPAN}`, `00-${'0'.repeat(32)}-${SPAN}-01`]) {
    assert.is(parseTraceparent(text), undefined, text);
  }
  assert.is(parseTraceparent(`00-${TRACE.toUpperCase()}-${SPAN}-01`), undefined);
});

test('ids are functions of what they are about', () => {
  assert.is(traceIdOf('0199c000-0000-8000-8000-00000000000a'), '0199c00000008000800000000000000a');
  assert.match(traceIdOf('order 17'), /^[0-9a-f]{32}$/);
  assert.is(traceIdOf('order 17'), traceIdOf('order 17'));
  assert.match(spanIdOf('a/b/c/1'), /^[0-9a-f]{16}$/);
  assert.is.not(spanIdOf('a/b/c/1'), spanIdOf('a/b/c/2'));
});

test.run();
