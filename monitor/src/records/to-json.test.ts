import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { toJson } from './to-json.ts';

const test = suite('values as JSON');

test('64-bit numbers stay exact, bytes are base64, and what is no number is text', () => {
  const value = {
    id: 2n ** 62n,
    bytes: Buffer.from('ab'),
    none: undefined,
    nan: Number.NaN,
    list: [1n],
  };
  assert.equal(toJson(value), {
    id: '4611686018427387904',
    bytes: 'YWI=',
    none: null,
    nan: 'NaN',
    list: ['1'],
  });
});

test.run();
