import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { JsonError, JsonNumber, parseJson } from './parse-json.ts';
import { writeJson } from './write-json.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

function refusalOf(bytes: Uint8Array | string, limits?: Parameters<typeof parseJson>[1]): string {
  try {
    parseJson(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, limits);
    return 'taken';
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}

test('numbers keep the digits they were written with', () => {
  const text = '[9007199254740993,0.1000,1e400,-0,123456789012345678901234567890.12]';
  assert.is(writeJson(parse(text)), text);
});

test('what is read is written the same', () => {
  for (const text of ['{"a":[1,{"b":null}],"c":true}', '"\\u00e9\\n😀"', '{"__proto__":{"x":1}}']) {
    assert.equal(JSON.parse(writeJson(parse(text))), JSON.parse(text));
  }
});

test('a member called __proto__ is a member like any other', () => {
  const value = parse('{"__proto__":{"admin":true}}');
  assert.ok(value instanceof Map && value.has('__proto__'));
});

test('what readers disagree on is refused, with its place', () => {
  const cases: [string | Uint8Array, RegExp][] = [
    ['', /Value|value/],
    ['{"a":1,"a":2}', /"a" is given twice at line 1, column 8/],
    ['{"a":1,}', /line 1/],
    ['[1,]', /line 1/],
    ['// a\n1', /line 1/],
    ['{} {}', /line 1/],
    ['01', /line 1/],
    ['+1', /line 1/],
    ['NaN', /line 1/],
    ["{'a':1}", /line 1/],
    ['"a\nb"', /line 1/],
    ['"\\x41"', /line 1/],
    ['"\\ud800"', /surrogate/],
    ['\ufeff{}', /line 1/],
    [Buffer.from([0x22, 0xff, 0x22]), /UTF-8/],
    [Buffer.from([0x22, 0xc0, 0x80, 0x22]), /UTF-8/],
  ];
  for (const [text, message] of cases) assert.match(refusalOf(text), message, String(text));
});

test('depth and number of values are bounded', () => {
  const limits = { maxDepth: 3, maxValues: 5 };
  assert.is(refusalOf('[[[1]]]', limits), 'taken');
  assert.match(refusalOf('[[[[1]]]]', limits), /deeper than 3/);
  assert.match(refusalOf('[1,2,3,4,5]', limits), /more than 5/);
  assert.match(refusalOf('['.repeat(1_000_000)), /deeper than 32/);
});

test('a number is not mistaken for text', () => {
  const value = parse('1');
  assert.ok(value instanceof JsonNumber);
  assert.is(parse('"1"'), '1');
});

test.run();
