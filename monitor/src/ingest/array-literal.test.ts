import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { arrayLiteral } from './array-literal.ts';

const test = suite('array literal');

test('numbers, nulls and texts with quotes and backslashes', () => {
  assert.is(arrayLiteral([1, null, -2.5]), '{1,null,-2.5}');
  assert.is(arrayLiteral(['a', null, 'null', '', '{,}']), '{"a",null,"null","","{,}"}');
  assert.is(arrayLiteral(['"', '\\', 'ü€😀']), '{"\\"","\\\\","ü€😀"}');
});

test('what JSON writes in another way is left to the client', () => {
  for (const text of ['a\nb', '\u0001', '\ud800', '\\n'])
    assert.equal(arrayLiteral([text]), [text]);
});

test.run();
