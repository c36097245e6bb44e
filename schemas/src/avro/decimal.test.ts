import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decimalBytes, decimalText } from './decimal.ts';

const twelveTwo = { precision: 12, scale: 2 };
const thirtyEightTen = { precision: 38, scale: 10 };

test('decimals go to bytes and back, scale kept', () => {
  const cases: [string, { precision: number; scale: number }, string][] = [
    ['19.90', twelveTwo, '19.90'],
    ['19.9', twelveTwo, '19.90'],
    ['19.900', twelveTwo, '19.90'],
    ['0', twelveTwo, '0.00'],
    ['-0.01', twelveTwo, '-0.01'],
    ['-1.28', twelveTwo, '-1.28'],
    ['1.28', twelveTwo, '1.28'],
    ['9999999999.99', twelveTwo, '9999999999.99'],
    ['0012.50', twelveTwo, '12.50'],
    [
      '-9999999999999999999999999999.0123456789',
      thirtyEightTen,
      '-9999999999999999999999999999.0123456789',
    ],
    ['90071992547409931', { precision: 20, scale: 0 }, '90071992547409931'],
  ];
  for (const [text, type, expected] of cases) {
    const bytes = decimalBytes(text, type);
    assert.ok(bytes, text);
    assert.is(decimalText(bytes, type.scale), expected);
  }
});

test('bytes are the fewest that hold the sign, as java.math.BigInteger writes them', () => {
  const hex = (text: string) => decimalBytes(text, twelveTwo)?.toString('hex');
  assert.is(hex('0'), '00');
  assert.is(hex('1.27'), '7f');
  assert.is(hex('1.28'), '0080');
  assert.is(hex('-1.28'), '80');
  assert.is(hex('-1.29'), 'ff7f');
});

test('what cannot be held exactly is refused', () => {
  for (const text of [
    '19.901',
    '10000000000',
    'NaN',
    'Infinity',
    '',
    ' 1',
    '1.',
    '.5',
    '1e3',
    '+1',
    '1,5',
    '0x10',
    '١',
  ]) {
    assert.is(decimalBytes(text, twelveTwo), undefined, text);
  }
});

test('bytes wider than needed, and negative scales', () => {
  assert.is(decimalText(Buffer.from('00000000000000000007c6', 'hex'), 2), '19.90');
  assert.is(decimalText(Buffer.from('ffffffffffffffffffff', 'hex'), 2), '-0.01');
  assert.is(decimalText(Buffer.from('0c', 'hex'), -3), '12000');
  assert.is(decimalText(Buffer.from('00', 'hex'), -3), '0');
});

test.run();
